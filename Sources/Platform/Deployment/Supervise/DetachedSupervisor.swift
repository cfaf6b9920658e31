internal import CLinux
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
    /// - Returns: its process id. Whoever goes on running reaps it once it has ended.
    /// - Throws: `DeploymentError` with what it reported, or the end of its log.
    @discardableResult
    public func start(executable: String, arguments: [String]) async throws -> Int32 {
        try? FileManager.default.removeItem(atPath: folder.supervisorStatus)
        let pid = try spawn(executable, arguments)
        let deadline = ContinuousClock.now + Supervisor.startTime + .seconds(10)
        while true {
            if let report = SupervisorReport(folder) {
                guard let failure = report.failure else { return pid }
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
        var words = ([executable] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        let pid = cp_spawn_session(executable, &words, folder.supervisorLog)
        guard pid > 0 else { throw DeploymentError("cannot start \(executable): \(String(cString: strerror(errno)))") }
        return pid
    }
}
