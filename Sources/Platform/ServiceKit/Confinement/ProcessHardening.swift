internal import CLinux
internal import Foundation

/// What a process gives up before it reads its first secret: being traced, dumped or swapped out, telling of its memory when it crashes, gaining
/// privileges, other services' files and ports.
enum ProcessHardening {
    /// - Returns: what was done, for the log.
    /// - Throws: `StartUpError.confinement` when the settings require what the kernel cannot do.
    static func apply(_ settings: ServiceSettings) throws -> String {
        try requireSingleThread()
        guard cp_set_not_dumpable() == 0 else { throw Landlock.failure("PR_SET_DUMPABLE") }
        guard cp_set_no_core() == 0 else { throw Landlock.failure("RLIMIT_CORE") }
        dieSilently()
        // While root still may.
        let memory = lockMemory()
        guard cp_set_no_new_privileges() == 0 else { throw Landlock.failure("PR_SET_NO_NEW_PRIVS") }
        // Only root has any: /proc/kcore and the like stay closed to it too.
        guard cp_drop_capabilities() == 0 else { throw Landlock.failure("capset") }
        return "\(try confine(settings)), \(memory)"
    }

    private static func lockMemory() -> String {
        guard cp_lock_memory() != 0 else { return "memory locked" }
        let why = errno == EPERM ? "for RLIMIT_MEMLOCK is not unlimited" : "for mlockall fails: \(String(cString: strerror(errno)))"
        return "memory not locked, \(why): encrypt the swap"
    }

    /// The runtime's backtraces show arguments and values, and its helper reads the whole memory.
    private static func dieSilently() {
        for number in [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV] { signal(number, SIG_DFL) }
    }

    private static func confine(_ settings: ServiceSettings) throws -> String {
        guard settings.confinement != .off else { return "not confined: switched off in the settings" }
        guard let landlock = Landlock() else {
            guard settings.confinement == .bestEffort else {
                throw StartUpError.confinement("this kernel has no Landlock (5.13 and later, with `landlock` in its lsm list)")
            }
            return "not confined: this kernel has no Landlock"
        }
        try landlock.restrict(to: ConfinementPlan(settings))
        return "confined by Landlock ABI \(landlock.abi)" + (landlock.handlesPorts ? ", files and ports" : ", files only")
    }

    /// A thread that already runs would stay unconfined.
    private static func requireSingleThread() throws {
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
        guard threads == 1 else { throw StartUpError.confinement("\(threads) threads run already") }
    }
}
