internal import AuditClient
internal import Logging
internal import ServiceKit
internal import Storage
internal import Synchronization

/// Tells the audit log what was refused to people and their agents.
///
/// They cause these at will, so they are bounded in rate for each person (what is left out is counted in the next event), take no place
/// that essential events may need, and never turn the refusal itself into another error.
final class RefusalLog: Sendable {
    private let dependencies: ExecutionDependencies
    private let rates: Mutex<RefusalRates>

    init(_ dependencies: ExecutionDependencies) {
        self.dependencies = dependencies
        rates = Mutex(RefusalRates(dependencies.limits.recordedRefusals, maximumSources: dependencies.limits.refusedPeople))
    }

    func record(_ refusal: AuditEvent, of user: String) async {
        guard let suppressed = rates.withLock({ $0.admit(user, at: .now) }) else { return }
        let event = refusal.counting(suppressed)
        do {
            let outbox = dependencies.audit.outbox
            try await dependencies.database.write(as: user) { db in _ = try outbox.append(event, in: db) }
        } catch {
            rates.withLock { $0.leaveOut(suppressed + 1, of: user) }
            dependencies.logger.error("refusal not recorded", metadata: ["action": "\(event.action)", "error": "\(error)"])
        }
    }
}

extension AuditEvent {
    fileprivate func counting(_ suppressed: Int) -> AuditEvent {
        guard suppressed > 0 else { return self }
        var event = self
        event.details["suppressed"] = "\(suppressed)"
        return event
    }
}
