internal import AuditClient
internal import HTTPSKit
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import MeshCall
internal import Storage
internal import Synchronization

/// What gateway itself tells the audit log: requests refused for who sends them, and limits reached.
///
/// Strangers cause these at will, so they never hold a request up and are bounded three times: in rate (what is left out is counted in
/// the next event), in number waiting, and by the outbox.
final class RefusalLog: Sendable {
    static let maxWaiting = 256
    static let rate = RateLimit(perMinute: 600, burst: 100)

    private struct State {
        var bucket: TokenBucket
        var suppressed = 0
    }

    private let events: AsyncStream<AuditEvent>
    private let waiting: AsyncStream<AuditEvent>.Continuation
    private let state = Mutex(State(bucket: TokenBucket(RefusalLog.rate, now: .now)))

    init() {
        (events, waiting) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.maxWaiting))
    }

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
        let suppressed = state.withLock { state -> Int? in
            guard state.bucket.take(now: .now) == nil else {
                state.suppressed += 1
                return nil
            }
            defer { state.suppressed = 0 }
            return state.suppressed
        }
        guard let suppressed else { return }
        let actor = context.person.map { AuditActor.user($0.principal.userID) } ?? .service("gateway")
        let event = AuditEvent(
            actor: actor, action: action, object: object, outcome: .refused, reason: reason, requestID: context.origin.requestID,
            details: suppressed > 0 ? ["suppressed": "\(suppressed)"] : [:])
        if case .dropped = waiting.yield(event) { state.withLock { $0.suppressed += suppressed + 1 } }
    }

    /// Writes events to the outbox until cancelled.
    func run(_ outbox: AuditOutbox, _ database: ServiceDatabase, _ logger: Logger) async {
        for await event in events {
            do {
                try await database.write { db in _ = try outbox.append(event, in: db) }
            } catch {
                logger.error("refusal not recorded", metadata: ["action": "\(event.action)", "error": "\(error)"])
            }
        }
    }
}
