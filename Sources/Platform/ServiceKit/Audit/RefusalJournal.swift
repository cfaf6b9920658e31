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

    private struct Source {
        var bucket: TokenBucket
        var suppressed = 0
    }

    private let rate: RateLimit
    private let events: AsyncStream<AuditEvent>
    private let waiting: AsyncStream<AuditEvent>.Continuation
    private let sources = Mutex<[String: Source]>([:])

    /// - Parameter rate: what each source may cause.
    public init(rate: RateLimit) {
        self.rate = rate
        (events, waiting) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.maxWaiting))
    }

    /// Takes the event unless its source has caused too many. Never waits.
    public func record(_ event: AuditEvent, from source: String = "") {
        guard let suppressed = admit(source, now: .now) else { return }
        var event = event
        if suppressed > 0 { event.details["suppressed"] = "\(suppressed)" }
        if case .dropped = waiting.yield(event) { count(suppressed + 1, from: source) }
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
    func admit(_ name: String, now: ContinuousClock.Instant) -> Int? {
        sources.withLock { sources in
            let key = Self.key(name, in: sources)
            var source = sources[key] ?? Source(bucket: TokenBucket(rate, now: now))
            defer { sources[key] = source }
            guard source.bucket.take(now: now) == nil else {
                source.suppressed += 1
                return nil
            }
            defer { source.suppressed = 0 }
            return source.suppressed
        }
    }

    private func count(_ suppressed: Int, from name: String) {
        sources.withLock { sources in sources[Self.key(name, in: sources)]?.suppressed += suppressed }
    }

    private static func key(_ name: String, in sources: [String: Source]) -> String {
        sources[name] != nil || sources.count < maxSources ? name : ""
    }
}
