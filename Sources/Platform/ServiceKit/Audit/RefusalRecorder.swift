internal import AuditClient
internal import Logging
internal import MeshCall
internal import ServiceLifecycle
internal import Storage

/// Tells the audit log of every call that the policy refused, whatever the method's audit class: the caller, the method, the reason.
struct RefusalRecorder: RefusalObserver, Service {
    static let action = "call.refused"
    static let rate = RateLimit(perMinute: 120, burst: 100)

    private let journal = RefusalJournal(rate: Self.rate)
    private let database: ServiceDatabase
    private let outbox: AuditOutbox
    private let logger: Logger

    /// - Parameter database: its schema includes the outbox.
    init(service: String, database: ServiceDatabase, logger: Logger) {
        self.database = database
        self.logger = logger
        outbox = AuditOutbox(source: service)
    }

    func refused(_ refusal: CallRefusal) {
        let peer = refusal.peer.name
        journal.record(
            AuditEvent(
                actor: peer == "operator" ? .operator : .service(peer), action: Self.action, object: refusal.method.path, outcome: .refused,
                reason: refusal.reason, requestID: refusal.requestID),
            from: peer)
    }

    func run() async throws {
        try await BackgroundTask("refused calls") { await journal.run(outbox, database, logger) }.run()
    }
}
