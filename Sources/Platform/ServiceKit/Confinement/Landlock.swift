internal import CLinux
internal import Glibc

/// Landlock as this kernel has it. Restricting covers the calling thread and what it starts later, so it must come before any other thread.
struct Landlock {
    static let readRights = UInt64(CP_FS_READ_FILE | CP_FS_READ_DIR)
    static let changeRights = UInt64(
        CP_FS_WRITE_FILE | CP_FS_REMOVE_DIR | CP_FS_REMOVE_FILE | CP_FS_MAKE_DIR | CP_FS_MAKE_REG | CP_FS_MAKE_SOCK)
    /// Denied everywhere: executing, and making devices, pipes and links.
    static let deniedRights = UInt64(CP_FS_EXECUTE | CP_FS_MAKE_CHAR | CP_FS_MAKE_FIFO | CP_FS_MAKE_BLOCK | CP_FS_MAKE_SYM)
    /// Port rules came with ABI 4 (Linux 6.7).
    static let abiWithPorts: Int32 = 4

    let abi: Int32

    /// nil where the kernel has no Landlock.
    init?() {
        abi = cp_landlock_abi()
        guard abi > 0 else { return nil }
    }

    var handlesPorts: Bool { abi >= Self.abiWithPorts }

    private var lateRights: UInt64 {
        UInt64(abi >= 2 ? CP_FS_REFER : 0) | UInt64(abi >= 3 ? CP_FS_TRUNCATE : 0)
    }

    private var deviceRights: UInt64 { UInt64(abi >= 5 ? CP_FS_IOCTL_DEV : 0) }

    /// - Throws: `StartUpError.confinement`.
    func restrict(to plan: ConfinementPlan) throws {
        let ruleset = try create()
        defer { close(ruleset) }
        for path in plan.readable { try allow(path, Self.readRights, in: ruleset) }
        for path in plan.writable { try allow(path, Self.readRights | Self.changeRights | lateRights, in: ruleset) }
        if handlesPorts {
            for port in plan.bindPorts { try allow(port, UInt64(CP_NET_BIND_TCP), in: ruleset) }
            for port in plan.connectPorts { try allow(port, UInt64(CP_NET_CONNECT_TCP), in: ruleset) }
        }
        guard cp_landlock_restrict_self(ruleset) == 0 else { throw Self.failure("landlock_restrict_self") }
    }

    private func create() throws -> Int32 {
        let files = Self.readRights | Self.changeRights | Self.deniedRights | lateRights | deviceRights
        let ports = handlesPorts ? UInt64(CP_NET_BIND_TCP | CP_NET_CONNECT_TCP) : 0
        let scoped = abi >= 6 ? UInt64(CP_SCOPE_ABSTRACT_UNIX_SOCKET | CP_SCOPE_SIGNAL) : 0
        let ruleset = cp_landlock_create(files, ports, scoped)
        guard ruleset >= 0 else { throw Self.failure("landlock_create_ruleset") }
        return ruleset
    }

    private func allow(_ path: String, _ rights: UInt64, in ruleset: Int32) throws {
        guard cp_landlock_allow_path(ruleset, path, rights) != 0 else { return }
        // What is not there needs no rule: a system without /lib64, for one.
        guard errno == ENOENT || errno == EACCES else { throw Self.failure(path) }
    }

    private func allow(_ port: UInt16, _ rights: UInt64, in ruleset: Int32) throws {
        guard cp_landlock_allow_port(ruleset, port, rights) == 0 else { throw Self.failure("port \(port)") }
    }

    static func failure(_ what: String) -> StartUpError {
        .confinement("\(what): \(String(cString: strerror(errno)))")
    }
}
