internal import Foundation

/// Starts a supervisor that outlives the command that started it.
public struct DetachedSupervisor: Sendable {
    static let pollInterval = Duration.milliseconds(50)

    let folder: StateFolder

    public init(_ folder: StateFolder) {
        self.folder = folder
    }

    /// Starts `executable` in a session of its own and waits until it reports that everything is ready.
    ///
    /// - Throws: `DeploymentError` with what it reported, or the end of its log.
    public func start(executable: String, arguments: [String]) async throws {
        try? FileManager.default.removeItem(atPath: folder.supervisorStatus)
        let pid = try spawn(executable, arguments)
        let deadline = ContinuousClock.now + Supervisor.startTime + .seconds(10)
        while true {
            if let report = SupervisorReport(folder) {
                guard let failure = report.failure else { return }
                throw DeploymentError(failure)
            }
            guard hasNotEnded(pid), ContinuousClock.now < deadline else {
                throw DeploymentError("the supervisor ended early\n\(LogTail.lines(of: folder.supervisorLog))")
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    private func hasNotEnded(_ pid: pid_t) -> Bool {
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) == 0
    }

    private func spawn(_ executable: String, _ arguments: [String]) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSID))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, folder.supervisorLog, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
        var pid: pid_t = 0
        var words = ([executable] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        let result = posix_spawn(&pid, executable, &actions, &attributes, &words, environ)
        guard result == 0 else { throw DeploymentError("cannot start \(executable): \(String(cString: strerror(result)))") }
        return pid
    }
}
