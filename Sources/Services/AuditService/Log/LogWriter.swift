internal import AuditClient
internal import Cryptography
internal import GRDB
internal import ServiceAPI

/// One transaction that makes the log longer.
struct LogWriter {
    private let db: Database
    private var tree: TileAppender<TileTable>
    /// Ends of the chains that this transaction made longer.
    private var links: [ChainKey: ChainLink] = [:]

    init(_ db: Database) throws {
        self.db = db
        tree = TileAppender(TileTable(db: db), size: try EntryTable.size(in: db))
    }

    var size: UInt64 { tree.size }

    /// Takes a run whole, or nothing of it. Records that the log has keep their index.
    ///
    /// - Throws: `ChainFault`; anything else undoes the transaction.
    mutating func append(_ run: RecordRun) throws -> [AuditV1.Acknowledgement] {
        let link = try link(of: run.chain)
        let known = try ChainFault.check(run, after: link)
        var acknowledgements = try run.records[..<known].map { try duplicate(of: $0) }
        for record in run.records[known...] { acknowledgements.append(try add(record)) }
        return acknowledgements
    }

    /// Adds an event of the log's own.
    mutating func append(_ event: AuditEvent) throws {
        let chain = ChainKey(source: "audit", epoch: try EntryTable.ownEpoch(in: db))
        let packed = try RecordWriter(source: chain.source, epoch: chain.epoch).pack(event, at: link(of: chain))
        _ = try add(LogRecord(packed: packed))
    }

    /// Stores the tree's changed tiles and the chains' new ends.
    func finish() throws {
        try TileTable(db: db).store(tree.changed)
        for (chain, link) in links { try EntryTable.setLink(link, of: chain, in: db) }
    }

    private func link(of chain: ChainKey) throws -> ChainLink {
        try links[chain] ?? EntryTable.link(of: chain, in: db)
    }

    private mutating func add(_ record: LogRecord) throws -> AuditV1.Acknowledgement {
        let index = tree.size
        try EntryTable.insert(record, at: index, in: db)
        try tree.append(record.leafHash)
        links[record.chain] = try link(of: record.chain).following(record.bytes)
        return AuditV1.Acknowledgement(index: index, leafHash: record.leafHash.bytes)
    }

    private func duplicate(of record: LogRecord) throws -> AuditV1.Acknowledgement {
        guard let entry = try EntryTable.entry(record.chain, sequence: record.sequence, in: db), entry.record == record.bytes else {
            throw ChainFault.conflict(sequence: record.sequence)
        }
        return AuditV1.Acknowledgement(index: entry.index, leafHash: record.leafHash.bytes)
    }
}
