"""Who is measured: how each is installed, built and started, and which versions it is made of."""

import dataclasses
import os
import pathlib
import re
import subprocess

FOLDER = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = FOLDER.parent.parent.parent
BUILD = FOLDER / ".build-peers"
BUILD_SECONDS = 3600
INSTALL_SECONDS = 900

C_TOOLS = ["gcc", "make", "pkg-config"]
GO = ["golang-go", "protobuf-compiler"]


class Unavailable(Exception):
    """Why a peer is left out."""


def output_of(*command, **options):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, **options).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def debian_version(package):
    return output_of("dpkg-query", "-W", "-f", "${Version}", package)


def first_line(*command):
    return (output_of(*command).splitlines() or [""])[0]


@dataclasses.dataclass
class Peer:
    name: str
    program: pathlib.Path
    # What builds it, and Debian's packages which that needs.
    build: list
    packages: list = dataclasses.field(default_factory=list)
    environment: dict = dataclasses.field(default_factory=dict)
    # Options of its own, for both sides.
    options: list = dataclasses.field(default_factory=list)
    without: tuple = ()
    versions: object = lambda: ""

    def install(self):
        missing = [package for package in self.packages if not debian_version(package)]
        if not missing:
            return
        if os.geteuid() != 0:
            raise Unavailable(f"apt-get install {' '.join(missing)}")
        run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing], INSTALL_SECONDS, {"DEBIAN_FRONTEND": "noninteractive"})

    def make(self):
        """Installs what is missing and builds; raises `Unavailable`."""
        self.install()
        if self.build:
            run(self.build, BUILD_SECONDS, {})
        if not self.program.exists():
            raise Unavailable(f"{self.program} is not there")

    def command(self, role, address, files, *more):
        return [str(self.program), role, "--addr", address, *files, *self.options, *more]


def run(command, seconds, environment):
    BUILD.mkdir(exist_ok=True)
    log = BUILD / "build.log"
    with open(log, "ab") as out:
        try:
            subprocess.run(
                ["nice", "-n", "19", *command], check=True, timeout=seconds, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                cwd=FOLDER, env={**os.environ, **environment})
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable(f"{error}; see {log}") from None


def swift_version():
    found = re.search(r"Swift version (\S+)", output_of("swift", "--version"))
    return f"Swift {found.group(1)}" if found else ""


def package_versions(manifest):
    found = re.findall(r'url: "[^"]*/([^"/]+)", exact: "([^"]+)"', manifest.read_text())
    return ", ".join(f"{name} {version}" for name, version in found)


def c_versions():
    return f"{first_line('gcc', '--version')}, {first_line('openssl', 'version')}, protobuf-c {debian_version('libprotobuf-c-dev')}"


def go_version():
    return output_of("go", "version").removeprefix("go version ")


def ours(program, name="ours", options=()):
    build = ["env", "CRYPTOPULSE_MESH_ONLY=1", "CRYPTOPULSE_TESTS=none", "swift", "build", "-c", "release", "--package-path", str(REPOSITORY)]
    return Peer(
        name, program or REPOSITORY / ".build/release/mesh-bench", [] if program else [*build, "--product", "mesh-bench"], options=list(options),
        versions=lambda: f"commit {output_of('git', 'describe', '--always', '--dirty', cwd=REPOSITORY)}, {swift_version()}, "
        f"{first_line('openssl', 'version')}")


def all_peers(our_program):
    c = dict(
        program=BUILD / "c/bench-c", build=["make", "-s", "-C", "c"], versions=c_versions,
        packages=[*C_TOOLS, "libssl-dev", "libprotobuf-c-dev", "protobuf-c-compiler", "protobuf-compiler"])
    go = dict(build=["go/build", str(BUILD / "go")], environment={"GOMAXPROCS": "1"})
    ttrpc, grpc_go, grpc_cpp = "golang-github-containerd-ttrpc-dev", "golang-google-grpc-dev", "libgrpc++-dev"
    # One script builds both Go programs.
    go["packages"] = [*GO, ttrpc, "gogoprotobuf", grpc_go, "golang-goprotobuf-dev"]
    return [
        ours(our_program),
        ours(our_program, "ours-no-spin", ["--spin", "0"]),
        Peer("c", options=["--arena"], **c),
        Peer("c-malloc", **c),
        Peer("ttrpc-go", BUILD / "go/bench-ttrpc", without=("stream",), versions=lambda: f"{debian_version(ttrpc)}, {go_version()}", **go),
        Peer("grpc-go", BUILD / "go/bench-grpc", versions=lambda: f"{debian_version(grpc_go)}, {go_version()}", **go),
        Peer(
            "grpc-c++", BUILD / "grpc-cpp/bench-grpc-cpp", ["make", "-s", "-C", "grpc-cpp"],
            ["g++", *C_TOOLS, grpc_cpp, "protobuf-compiler", "protobuf-compiler-grpc", "libprotobuf-dev"],
            # Left to itself it would choose AES-256, which costs more than what the others choose.
            environment={"OPENSSL_CONF": str(FOLDER / "grpc-cpp/openssl.cnf")}, versions=lambda: debian_version(grpc_cpp)),
        Peer(
            "grpc-swift-2", BUILD / "grpc-swift/release/bench-grpc-swift",
            ["swift", "build", "-c", "release", "--package-path", "grpc-swift", "--scratch-path", str(BUILD / "grpc-swift")],
            versions=lambda: f"{package_versions(FOLDER / 'grpc-swift/Package.swift')}, {swift_version()}"),
    ]
