internal import CLinux
internal import Glibc

/// Ties a process's life to its supervisor's, so that a killed supervisor leaves nothing running.
enum SupervisorBond {
    /// - Parameter supervisor: the process id that this process's parent must have.
    static func tie(to supervisor: Int32) throws {
        guard cp_set_parent_death_signal(SIGKILL) == 0 else { throw Landlock.failure("PR_SET_PDEATHSIG") }
        // The parent may have ended before the signal was asked for.
        guard getppid() == supervisor else { throw StartUpError.confinement("the supervisor \(supervisor) is gone") }
    }
}
