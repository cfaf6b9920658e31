internal import Foundation

/// What a supervisor that nobody watches has to say: everything is ready, or why it gave up.
public struct SupervisorReport: Codable, Sendable, Equatable {
    /// nil when everything is ready.
    public var failure: String?

    public init(failure: String?) {
        self.failure = failure
    }

    init?(_ folder: StateFolder) {
        guard let report = try? PrivateFiles.read(json: folder.supervisorStatus, as: SupervisorReport.self) else { return nil }
        self = report
    }

    public func write(to folder: StateFolder) throws {
        try PrivateFiles.write(json: self, to: folder.supervisorStatus)
    }
}
