internal import Cryptography
internal import MeshCall
internal import MeshMessages
internal import ServiceAPI

/// A record as a source sent it, and what of it the log looks at.
struct LogRecord: Sendable {
    /// Bytes of the longest: entry bundles (C2SP tlog-tiles) count in 16 bits.
    static let maxBytes = 65_535
    private static let hashSize = 32

    /// The entry: kept as it came.
    let bytes: [UInt8]
    let leafHash: MerkleHash
    let chain: ChainKey
    let sequence: UInt64
    let previousHash: [UInt8]
    /// Users of whom it tells: who acted, and on whose behalf.
    let subjects: Set<String>
    let object: String

    /// - Throws: `RPCError` INVALID_ARGUMENT when the bytes are no record of version 1 with the fields that every record has.
    init(packed bytes: [UInt8]) throws {
        guard bytes.count <= Self.maxBytes, let record = try? AuditV1.Record(packed: bytes) else {
            throw RPCError(.invalidArgument, "A record is malformed or longer than \(Self.maxBytes) bytes.")
        }
        guard record.version == 1, !record.source.isEmpty, !record.action.isEmpty, let actor = record.actor,
            (1..<UInt64(Int64.max)).contains(record.sequence), record.epoch <= UInt64(Int64.max),
            record.previousHash.count == Self.hashSize
        else { throw RPCError(.invalidArgument, "A record lacks a field, or has one out of range.") }
        self.bytes = bytes
        leafHash = MerkleTree.leafHash(bytes)
        chain = ChainKey(source: record.source, epoch: record.epoch)
        sequence = record.sequence
        previousHash = record.previousHash
        object = record.object
        subjects = Set([actor.type == .user ? actor.id : "", record.onBehalfOf].filter { !$0.isEmpty })
    }
}

/// The records of one call: consecutive ones of one chain.
struct RecordRun: Sendable {
    static let maxRecords = 256

    let chain: ChainKey
    let firstSequence: UInt64
    let records: [LogRecord]

    /// - Throws: `RPCError` INVALID_ARGUMENT.
    init(_ packed: [[UInt8]]) throws {
        guard packed.count <= Self.maxRecords else {
            throw RPCError(.invalidArgument, "More than \(Self.maxRecords) records in one call.")
        }
        try self.init(records: packed.map { try LogRecord(packed: $0) })
    }

    init(records: [LogRecord]) throws {
        guard let first = records.first else { throw RPCError(.invalidArgument, "A call appends at least one record.") }
        for (offset, record) in records.enumerated() {
            guard record.chain == first.chain, record.sequence == first.sequence + UInt64(offset) else {
                throw RPCError(.invalidArgument, "The records of one call must be consecutive ones of one chain.")
            }
        }
        (chain, firstSequence, self.records) = (first.chain, first.sequence, records)
    }
}
