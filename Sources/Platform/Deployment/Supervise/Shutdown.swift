internal import Foundation

/// Stops a deployment from outside: asks its supervisor, and kills what does not end in time.
public struct Shutdown: Sendable {
    /// A little more than the supervisor needs when every service drains for its longest time.
    static let patience = Duration.seconds(40)
    static let killTime = Duration.seconds(5)

    let folder: StateFolder

    public init(_ folder: StateFolder) {
        self.folder = folder
    }

    /// - Returns: false when nothing ran.
    /// - Throws: `DeploymentError` when a process is left after all.
    public func run() async throws -> Bool {
        let supervisor = ProcessMark(file: folder.supervisorPID).flatMap { $0.isRunning ? $0 : nil }
        let services = ServiceName.allCases.compactMap { ProcessMark(file: folder.pid($0)) }.filter(\.isRunning)
        if let supervisor {
            supervisor.send(SIGTERM)
            if try await !supervisor.waitUntilEnded(within: Self.patience) { supervisor.send(SIGKILL) }
        }
        // Killed with their supervisor by the kernel; this is for those of a supervisor that never tied them to itself.
        let later = ServiceName.allCases.compactMap { ProcessMark(file: folder.pid($0)) }.filter(\.isRunning)
        for process in services + later { process.send(SIGKILL) }
        for process in services + later + [supervisor].compactMap({ $0 }) where try await !process.waitUntilEnded(within: Self.killTime) {
            throw DeploymentError("process \(process.pid) does not end")
        }
        return supervisor != nil || !services.isEmpty
    }
}
