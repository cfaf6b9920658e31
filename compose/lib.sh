# Shared by the scripts of this folder; sourced, never run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$here"

# What the programs need to be built and run.
build_packages=(
    build-essential pkg-config libssl-dev libprotobuf-c-dev libsqlite3-dev libargon2-dev zlib1g-dev ca-certificates
)
configuration=debug

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# install_packages NAME...: installs the Debian packages that are missing, by sudo when not root, saying which.
install_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing Debian packages: ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "not root, and there is no sudo: install them yourself, then run this again"
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

require_swift() {
    command -v swift >/dev/null || die "no swift in PATH: install a Swift 6.3 toolchain (https://www.swift.org/install/linux/)"
}

# build_programs: builds everything that a deployment runs.
build_programs() {
    require_swift
    install_packages "${build_packages[@]}"
    say "building ($configuration)"
    swift build --configuration "$configuration" --quiet >&2
}

# program NAME: where a built program lies.
program() { printf '%s/.build/%s/%s' "$here" "$configuration" "$1"; }
