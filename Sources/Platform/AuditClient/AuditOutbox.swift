public import GRDB
public import Storage

/// A service's events on their way to the log: rows in the service's own database, written in the transaction of the change that
/// they tell of, so that neither exists without the other. Take the one of the `AuditClient`, which it wakes.
public final class AuditOutbox: Sendable {
    /// Bounds on what waits here while the log is away.
    public struct Limits: Sendable {
        /// Unacknowledged records from which on `append` refuses.
        public var backlog: UInt64 = 10_000
        /// The same for events that must be told whatever the backlog: refusals, cancellations, outcomes of what was begun.
        public var hardBacklog: UInt64 = 100_000
        /// Acknowledged records, with their receipts, that are kept.
        public var kept: UInt64 = 10_000

        public init() {}
    }

    /// The outbox's tables. Every service's schema includes it, once and for ever at the same place.
    public static let migration = OutboxTable.migration

    /// Why an event could not be taken. Stands in `RPCError.cause`.
    public struct BacklogFull: Error, Sendable {
        /// Unacknowledged records.
        public let pending: UInt64
    }

    public let source: String
    let limits: Limits
    /// nil where nobody asks for them.
    let traces: OutboxTraces?
    private let wake: @Sendable () -> Void

    init(source: String, limits: Limits, traces: OutboxTraces?, wake: @escaping @Sendable () -> Void) {
        self.source = source
        self.limits = limits
        self.traces = traces
        self.wake = wake
    }

    /// An outbox without a client of its own: the `AuditClient` of the same database finds what it adds within its tick.
    public convenience init(source: String) {
        self.init(source: source, limits: Limits(), traces: nil) {}
    }

    /// Adds an event inside the caller's transaction.
    ///
    /// - Parameter essential: taken even when the backlog is over its limit. For what must be told and cannot be refused any more;
    ///   never for the intent to do something privileged.
    /// - Returns: the record's sequence, for `AuditClient.acknowledged`.
    /// - Throws: `RPCError` UNAVAILABLE with reason AUDIT_UNAVAILABLE when the backlog is full; `DatabaseError`.
    @discardableResult
    public func append(_ event: AuditEvent, in db: Database, essential: Bool = false) throws -> UInt64 {
        let state = try OutboxTable.state(in: db)
        let pending = state.link.nextSequence - 1 - state.acknowledged
        guard pending < (essential ? limits.hardBacklog : limits.backlog) else {
            throw AuditClient.unavailable(cause: BacklogFull(pending: pending))
        }
        let record = try RecordWriter(source: source, epoch: state.epoch).pack(event, at: state.link)
        try OutboxTable.append(record, at: state.link, in: db)
        traces?.note(state.link.nextSequence)
        db.afterNextTransaction { [wake] _ in wake() }
        return state.link.nextSequence
    }
}
