public import AuditClient
public import Logging
public import Storage
internal import Synchronization

/// Refusals on their way to the outbox.
///
/// Strangers cause these at will, so they never hold a request up and are bounded three times: in rate for each of those who cause
/// them (what is left out is counted in the next event), in number waiting, and by the outbox.
public final class RefusalJournal: Sendable {
    static let maxWaiting = 256
    /// Causers told apart; all beyond share one rate.
    static let maxSources = 64

    private let events: AsyncStream<AuditEvent>
    private let waiting: AsyncStream<AuditEvent>.Continuation
    private let rates: Mutex<RefusalRates>

    /// - Parameter rate: what each source may cause.
    public init(rate: RateLimit) {
        rates = Mutex(RefusalRates(rate, maximumSources: Self.maxSources))
        (events, waiting) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.maxWaiting))
    }

    /// Takes the event unless its source has caused too many. Never waits.
    public func record(_ event: AuditEvent, from source: String = "") {
        guard let suppressed = admit(source, now: .now) else { return }
        var event = event
        if suppressed > 0 { event.details["suppressed"] = "\(suppressed)" }
        if case .dropped = waiting.yield(event) { rates.withLock { $0.leaveOut(suppressed + 1, of: source) } }
    }

    /// Writes events to the outbox until cancelled.
    public func run(_ outbox: AuditOutbox, _ database: ServiceDatabase, _ logger: Logger) async {
        await run(logger) { event in try await database.write { db in _ = try outbox.append(event, in: db) } }
    }

    /// Hands events to `record` until cancelled.
    public func run(_ logger: Logger, record: (AuditEvent) async throws -> Void) async {
        for await event in events {
            do {
                try await record(event)
            } catch {
                logger.error("refusal not recorded", metadata: ["action": "\(event.action)", "error": "\(error)"])
            }
        }
    }

    /// - Returns: how many were left out before this one; nil when it is left out too.
    func admit(_ name: String, now: ContinuousClock.Instant) -> Int? { rates.withLock { $0.admit(name, at: now) } }
}
