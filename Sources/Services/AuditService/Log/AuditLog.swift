internal import AuditClient
internal import Cryptography
internal import GRDB
internal import Logging
internal import MeshCall
internal import ServiceAPI
internal import Storage
internal import Synchronization

/// The log: appends in groups, signs its head, proves what it holds. Refuses everything once it has found itself damaged.
final class AuditLog: Sendable {
    /// Longest time between an entry and a signed checkpoint that covers it.
    static let signingInterval: Duration = .seconds(1)
    /// Faults remembered so that a source which tries again and again is recorded once.
    private static let maxReportedFaults = 1_024

    private struct State {
        var size: UInt64 = 0
        var checkpoint: SignedCheckpoint?
        var damage: LogDamage?
        var reported: Set<ChainFault> = []
    }

    private let database: ServiceDatabase
    private let signer: CheckpointSigner
    private let logger: Logger
    private let state = Mutex(State())

    /// Checks the stored tree against what was signed, then takes up work.
    ///
    /// - Throws: `LogDamage` when the file is not what this log wrote and signed.
    init(database: ServiceDatabase, signer: NoteSigner, logger: Logger) async throws {
        self.database = database
        self.signer = CheckpointSigner(signer)
        self.logger = logger
        let verifier = signer.verifier
        try await database.readAll { db in try StartCheck(db, verifier: verifier).run() }
        let started = AuditEvent(actor: .service("audit"), action: "audit.started")
        try await database.write { db in
            var writer = try LogWriter(db)
            try writer.append(started)
            try writer.finish()
        }
        let checkpoint = try await database.write { [signer = self.signer] db in try signer.sign(in: db) }
        state.withLock { ($0.size, $0.checkpoint) = (checkpoint.size, checkpoint) }
        logger.info("log open", metadata: ["size": "\(checkpoint.size)", "key_id": "\(String(verifier.keyID, radix: 16))"])
    }

    var verifierKey: String { signer.verifier.verifierKey }

    /// Why the log refuses to serve; nil while it does not.
    var damage: LogDamage? { state.withLock(\.damage) }
    var failure: StorageError? { database.failure }

    // MARK: - Appending

    /// Writes runs in one transaction. For `AppendQueue`.
    func commit(_ runs: [RecordRun]) async -> [AppendQueue.Outcome] {
        do {
            try checkSound()
            let reported = state.withLock(\.reported)
            let (outcomes, size) = try await database.write { db in
                var writer = try LogWriter(db)
                let outcomes = try runs.map { try Self.append($0, with: &writer, reported: reported) }
                try writer.finish()
                return (outcomes, writer.size)
            }
            state.withLock { $0.size = max($0.size, size) }
            note(zip(runs, outcomes))
            return outcomes.map { $0.mapError { $0.error } }
        } catch {
            let error = refusal(error)
            return runs.map { _ in .failure(error) }
        }
    }

    /// Writes an event of audit's own.
    ///
    /// - Throws: `RPCError` when the log takes nothing; storage errors.
    func append(own event: AuditEvent) async throws {
        try await database.write { db in try self.append(own: event, in: db) }
    }

    /// The same within a transaction.
    func append(own event: AuditEvent, in db: Database) throws {
        try checkSound()
        var writer = try LogWriter(db)
        try writer.append(event)
        try writer.finish()
        let size = writer.size
        db.afterNextTransaction { [self] _ in state.withLock { $0.size = max($0.size, size) } }
    }

    /// A run that does not fit is refused alone, and the log says so in its own chain.
    private static func append(
        _ run: RecordRun, with writer: inout LogWriter, reported: Set<ChainFault>
    ) throws -> Result<[AuditV1.Acknowledgement], ChainFault> {
        do {
            return .success(try writer.append(run))
        } catch let fault as ChainFault {
            if !reported.contains(fault) { try writer.append(fault.event(in: run.chain)) }
            return .failure(fault)
        }
    }

    private func note(_ outcomes: Zip2Sequence<[RecordRun], [Result<[AuditV1.Acknowledgement], ChainFault>]>) {
        for case (let run, .failure(let fault)) in outcomes {
            logger.critical("chain broken", metadata: ["source": "\(run.chain.source)", "fault": "\(fault)"])
            state.withLock { state in
                if state.reported.count >= Self.maxReportedFaults { state.reported.removeAll() }
                state.reported.insert(fault)
            }
        }
    }

    // MARK: - Checkpoints

    /// A signed checkpoint of everything that is durable now.
    func checkpoint() async throws -> SignedCheckpoint {
        try checkSound()
        let (size, last) = state.withLock { ($0.size, $0.checkpoint) }
        if let last, last.size == size { return last }
        do {
            let signed = try await database.write { [signer] db in try signer.sign(in: db) }
            state.withLock { state in
                if signed.size > state.checkpoint?.size ?? 0 { state.checkpoint = signed }
            }
            return signed
        } catch {
            throw refusal(error)
        }
    }

    /// Signs once a second while the log grows, so that what a crash leaves is covered.
    func keepSigning() async throws {
        while !Task.isCancelled {
            try await Task.sleep(for: Self.signingInterval)
            do {
                _ = try await checkpoint()
            } catch {
                logger.error("no checkpoint signed", metadata: ["error": "\(error)"])
            }
        }
    }

    // MARK: - Proofs

    /// A user's records, newest first, each proved in the checkpoint.
    ///
    /// - Parameters:
    ///   - before: only indexes below; nil for the newest.
    ///   - object: only records about it; empty for all.
    func records(
        of user: String, before: UInt64?, object: String, limit: Int
    ) async throws -> (records: [AuditV1.ProvenRecord], checkpoint: SignedCheckpoint) {
        let checkpoint = try await checkpoint()
        let end = min(before ?? .max, checkpoint.size)
        do {
            let indexes = try await database.read(as: user) { db in
                try EntryTable.ownIndexes(before: end, object: object, limit: limit, in: db)
            }
            let records = try await database.readAll { db in
                let hashes = RememberedHashes(TileTable(db: db))
                return try indexes.map { try Self.prove($0, in: checkpoint, hashes: hashes, db: db) }
            }
            return (records, checkpoint)
        } catch {
            throw refusal(error)
        }
    }

    /// Nothing leaves the log that its own verifier would refuse.
    private static func prove(
        _ index: UInt64, in checkpoint: SignedCheckpoint, hashes: RememberedHashes, db: Database
    ) throws -> AuditV1.ProvenRecord {
        guard let record = try EntryTable.record(at: index, in: db) else { throw LogDamage("is missing", index: index) }
        let proof = try hashes.inclusionProof(index: index, size: checkpoint.size)
        do {
            try MerkleTree.verifyInclusion(
                of: MerkleTree.leafHash(record), index: index, size: checkpoint.size, proof: proof, root: checkpoint.root)
        } catch {
            throw LogDamage("is not what was signed", index: index)
        }
        return AuditV1.ProvenRecord(index: index, record: record, proof: proof.map(\.bytes))
    }

    // MARK: - Refusing

    private func checkSound() throws {
        if damage != nil { throw Self.damaged }
    }

    private static let damaged = RPCError(.dataLoss, "The log found itself damaged and stopped.", reason: "LOG_DAMAGED")

    /// What the caller is told; damage stops the log for good.
    private func refusal(_ error: any Error) -> any Error {
        switch error {
        case let error as RPCError: return error
        case is CancellationError: return error
        case let damage as LogDamage: return stop(damage)
        case let missing as TileMissing: return stop(LogDamage(missing))
        default:
            logger.error("log not available", metadata: ["error": "\(error)"])
            return RPCError(
                .unavailable, "The log cannot be written or read now.", reason: "LOG_UNAVAILABLE", retryAfter: .seconds(1), cause: error)
        }
    }

    private func stop(_ damage: LogDamage) -> RPCError {
        logger.critical("the log is damaged and stops", metadata: ["damage": "\(damage)"])
        state.withLock { $0.damage = $0.damage ?? damage }
        return Self.damaged
    }
}
