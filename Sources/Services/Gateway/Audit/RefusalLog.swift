internal import AuditClient
internal import HTTPSKit
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import MeshCall
internal import ServiceKit
internal import Storage

/// What gateway itself tells the audit log: requests refused for who sends them, and limits reached.
struct RefusalLog: Sendable {
    /// All strangers share it: their addresses cost them nothing.
    static let rate = RateLimit(perMinute: 600, burst: 100)

    private let journal = RefusalJournal(rate: Self.rate)

    /// Records the error when it is a refusal for who somebody is (401 or 403); others belong to those who made them.
    func record(_ error: any Error, _ context: GatewayContext) {
        let shown = APIError.of(error)
        guard shown.status == .unauthorized || shown.status == .forbidden else { return }
        emit("api.refused", object: context.endpointPath ?? "none", reason: shown.reason ?? shown.code, context)
    }

    /// Runs `take`, and records a limit that it finds reached.
    func limiting(_ context: GatewayContext, _ take: () throws(RateLimited) -> Void) throws(RateLimited) {
        do throws(RateLimited) {
            try take()
        } catch {
            emit("rate.limited", object: error.limit.rawValue, reason: "RATE_LIMITED", context)
            throw error
        }
    }

    private func emit(_ action: String, object: String, reason: String, _ context: GatewayContext) {
        let actor = context.person.map { AuditActor.user($0.principal.userID) } ?? .service("gateway")
        journal.record(
            AuditEvent(
                actor: actor, action: action, object: object, outcome: .refused, reason: reason, requestID: context.origin.requestID))
    }

    /// Writes events to the outbox until cancelled.
    func run(_ outbox: AuditOutbox, _ database: ServiceDatabase, _ logger: Logger) async {
        await journal.run(outbox, database, logger)
    }
}
