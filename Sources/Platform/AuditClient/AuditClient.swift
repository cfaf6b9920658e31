internal import Cryptography
internal import Instrumentation
public import Logging
public import MeshCall
internal import ServiceAPI
public import ServiceLifecycle
public import Storage

/// Brings a service's outbox to the log, in order, as often as it takes.
public final class AuditClient: Service {
    /// Records and bytes of one call to the log.
    static let maxBatchRecords = 256
    static let maxBatchBytes = 1 << 20
    /// How long one call may take.
    static let callTimeout: Duration = .seconds(2)
    /// Longest time without looking into the outbox.
    static let tick: Duration = .seconds(1)

    /// Where the service's transactions put their events.
    public let outbox: AuditOutbox
    private let database: ServiceDatabase
    private let log: AuditV1.AuditClient
    private let waiters = ReceiptWaiters()
    private let appended: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    private let logger: Logger

    /// - Parameters:
    ///   - database: its schema includes `AuditOutbox.migration`.
    ///   - source: the service's short name, as its certificate says.
    ///   - channel: to `audit`.
    public init(
        database: ServiceDatabase, source: String, channel: any CallChannel, limits: AuditOutbox.Limits = AuditOutbox.Limits(),
        logger: Logger
    ) {
        (appended, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let signal = self.signal
        outbox = AuditOutbox(source: source, limits: limits, traces: OutboxTraces()) { signal.yield() }
        self.database = database
        log = AuditV1.AuditClient(channel)
        self.logger = logger
    }

    /// Sends until cancelled or told to shut down. What is left stays in the outbox for the next start.
    public func run() async throws {
        signal.yield()
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask { await self.drain() }
                group.addTask { await self.keepTicking() }
            }
        }
    }

    /// Waits until the log has said that a record is durable there.
    ///
    /// - Parameter sequence: what `AuditOutbox.append` returned, in a transaction that has committed.
    /// - Throws: `RPCError` UNAVAILABLE with reason AUDIT_UNAVAILABLE when `timeout` passes first.
    public func acknowledged(_ sequence: UInt64, timeout: Duration) async throws -> AuditReceipt {
        let receipts = waiters.receipts(of: sequence)
        if let receipt = try await database.readAll({ try OutboxTable.receipt(for: sequence, in: $0) }) { return receipt }
        signal.yield()
        let receipt = await withTaskGroup(of: AuditReceipt?.self) { group in
            group.addTask { await receipts.first { _ in true } }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        guard let receipt else { throw Self.unavailable(cause: nil) }
        return receipt
    }

    static func unavailable(cause: (any Error)?) -> RPCError {
        RPCError(
            .unavailable, "The audit log cannot confirm now, so this was not done.", reason: "AUDIT_UNAVAILABLE",
            retryAfter: .seconds(2), cause: cause)
    }

    // MARK: - Sending

    private func keepTicking() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.tick)
            signal.yield()
        }
    }

    private func drain() async {
        var backoff = Backoff(shortest: .milliseconds(20), longest: .seconds(2))
        for await _ in appended {
            while !Task.isCancelled {
                do {
                    guard try await sendBatch() else { break }
                    backoff.reset()
                } catch {
                    report(error)
                    try? await Task.sleep(for: backoff.next())
                }
            }
        }
    }

    /// - Returns: false when nothing was waiting.
    private func sendBatch() async throws -> Bool {
        let batch = try await database.readAll { db in
            try OutboxTable.nextBatch(maxRecords: Self.maxBatchRecords, maxBytes: Self.maxBatchBytes, in: db)
        }
        guard let batch else { return false }
        let last = batch.firstSequence + UInt64(batch.records.count) - 1
        let response = try await InstrumentationContext.withValue(outbox.traces?.context(through: last)) {
            try await log.append(AuditV1.AppendRequest(records: batch.records), options: CallOptions(timeout: Self.callTimeout))
        }
        outbox.traces?.forget(through: last)
        let receipts = try Self.receipts(response, for: batch)
        waiters.fulfil(receipts, from: batch.firstSequence)
        let kept = outbox.limits.kept
        try await database.write { db in
            try OutboxTable.acknowledge(receipts, from: batch.firstSequence, keeping: kept, in: db)
        }
        // Again, for those who began to wait after the first time and looked into the table before it was written.
        waiters.fulfil(receipts, from: batch.firstSequence)
        return true
    }

    /// The log's answer does not speak of the records that were sent.
    struct WrongAcknowledgement: Error {}

    private static func receipts(_ response: AuditV1.AppendResponse, for batch: OutboxTable.Batch) throws -> [AuditReceipt] {
        guard response.acknowledgements.count == batch.records.count else { throw WrongAcknowledgement() }
        return try zip(response.acknowledgements, batch.records).map { acknowledgement, record in
            guard acknowledgement.leafHash == MerkleTree.leafHash(record).bytes else { throw WrongAcknowledgement() }
            return AuditReceipt(index: acknowledgement.index, leafHash: acknowledgement.leafHash)
        }
    }

    private func report(_ error: any Error) {
        guard !Task.isCancelled else { return }
        let broken = (error as? RPCError)?.code == .failedPrecondition || error is WrongAcknowledgement
        logger.log(
            level: broken ? .critical : .warning, "audit log does not take records",
            metadata: ["error": "\(error)", "source": "\(outbox.source)"])
    }
}
