internal import ServiceKit

/// What a deployment's processes do now, as seen from outside them.
public struct DeploymentStatus: Sendable {
    public struct Line: Sendable {
        public let name: ServiceName
        /// nil when it does not run.
        public let pid: Int32?
        public let port: Int
        /// nil when it is ready, otherwise why not.
        public let unready: String?
    }

    public let supervisor: Int32?
    public let lines: [Line]
    public var isReady: Bool { lines.allSatisfy { $0.unready == nil } }

    /// - Throws: `DeploymentError` when the deployment was never started.
    public static func read(_ folder: StateFolder) async throws -> DeploymentStatus {
        let ports = try DeploymentAccess(folder).ports()
        var lines: [Line] = []
        for name in ServiceName.allCases {
            let reason = await HealthProbe(endpoint: ports.health(name)).unreadyReason()
            lines.append(Line(name: name, pid: pid(folder.pid(name)), port: ports.listen(name).port, unready: reason))
        }
        return DeploymentStatus(supervisor: pid(folder.supervisorPID), lines: lines)
    }

    private static func pid(_ file: String) -> Int32? {
        ProcessMark(file: file).flatMap { $0.isRunning ? $0.pid : nil }
    }
}
