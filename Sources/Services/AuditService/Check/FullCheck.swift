internal import AuditClient
internal import Cryptography
internal import GRDB

/// Recomputes the whole log from its entries' bytes: every hash, every source's chain, every signed checkpoint.
struct FullCheck {
    private let db: Database
    private let verifier: NoteVerifier

    init(_ db: Database, verifier: NoteVerifier) {
        self.db = db
        self.verifier = verifier
    }

    /// - Throws: `LogDamage` with the first bad entry.
    func run() throws {
        let size = try EntryTable.size(in: db)
        var tree = TreeCheck(db)
        var chains = ChainsCheck(db)
        for index in 0..<size {
            guard let bytes = try EntryTable.record(at: index, in: db) else { throw LogDamage("is missing", index: index) }
            try tree.add(MerkleTree.leafHash(bytes))
            try chains.add(bytes, at: index)
        }
        try tree.finish()
        try chains.finish(size: size)
        try checkCheckpoints(size: size)
        try checkFile()
    }

    private func checkCheckpoints(size: UInt64) throws {
        let hashes = RememberedHashes(TileTable(db: db))
        for checkpoint in try CheckpointTable.all(in: db) {
            guard checkpoint.size <= size else { throw LogDamage("is missing, but was signed", index: size) }
            try Self.checkNote(checkpoint, by: verifier)
            guard try hashes.compactRange(size: checkpoint.size).root == checkpoint.root else {
                throw LogDamage("the entries are not those of the checkpoint of size \(checkpoint.size)")
            }
        }
    }

    static func checkNote(_ checkpoint: SignedCheckpoint, by verifier: NoteVerifier) throws {
        let expected = Checkpoint(origin: verifier.name, size: checkpoint.size, root: checkpoint.root)
        if let origin = checkpoint.note.split(separator: "\n").first, origin != verifier.name {
            throw LogDamage("the log of \(origin) was opened as \(verifier.name)")
        }
        guard let signed = try? Checkpoint(note: checkpoint.note, verifiedBy: verifier), signed == expected else {
            throw LogDamage("the checkpoint of size \(checkpoint.size) is not signed by this log's key")
        }
    }

    /// SQLite's own view: pages, indexes against tables.
    private func checkFile() throws {
        let result = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)")
        guard result == "ok" else { throw LogDamage("the file: \(result ?? "no answer")") }
    }
}

/// Compares the stored tiles with those that follow from the leaves.
struct TreeCheck {
    private let tiles: TileTable
    private let db: Database
    /// The tile being filled on each level, and how many are behind it.
    private var open = [[MerkleHash]](repeating: [], count: Tile.levels)
    private var done = [UInt64](repeating: 0, count: Tile.levels)
    private var stored: UInt64 = 0
    /// The stored tile of the leaves being added: a leaf is compared at once, so that its entry is named and not a later one.
    private var leaves = Tile()

    init(_ db: Database) {
        self.db = db
        tiles = TileTable(db: db)
    }

    mutating func add(_ leaf: MerkleHash) throws {
        let offset = open[0].count
        if offset == 0 { leaves = try tiles.tile(Tile.ID(level: 0, number: done[0])) ?? Tile() }
        guard leaves.hashes.indices.contains(offset), leaves.hashes[offset] == leaf else {
            throw LogDamage("is not the entry that was hashed", index: firstLeaf(0, done[0], offset))
        }
        var hash = leaf
        for level in 0..<Tile.levels {
            open[level].append(hash)
            guard open[level].count == Tile.fullWidth else { return }
            hash = try close(level)
        }
    }

    mutating func finish() throws {
        for level in 0..<Tile.levels where !open[level].isEmpty { _ = try close(level) }
        let rows = try Int64.fetchOne(db, sql: "SELECT count(*) FROM tiles") ?? 0
        guard UInt64(rows) == stored else { throw LogDamage("there are \(rows) tiles, not \(stored)") }
    }

    private mutating func close(_ level: Int) throws -> MerkleHash {
        let id = Tile.ID(level: level, number: done[level])
        let found = try tiles.tile(id)?.hashes ?? []
        if let offset = (0..<max(found.count, open[level].count)).first(where: { !Self.equal(found, open[level], at: $0) }) {
            throw LogDamage("tile \(level)/\(id.number) does not fit", index: firstLeaf(level, id.number, offset))
        }
        let root = MerkleTree.root(of: open[level])
        open[level].removeAll(keepingCapacity: true)
        done[level] += 1
        stored += 1
        return root
    }

    private static func equal(_ left: [MerkleHash], _ right: [MerkleHash], at offset: Int) -> Bool {
        left.indices.contains(offset) && right.indices.contains(offset) && left[offset] == right[offset]
    }

    private func firstLeaf(_ level: Int, _ number: UInt64, _ offset: Int) -> UInt64 {
        (number * UInt64(Tile.fullWidth) + UInt64(offset)) << (Tile.height * level)
    }
}

/// Follows every source's chain, and compares the columns beside the entries with what the entries say.
struct ChainsCheck {
    private let db: Database
    private var links: [ChainKey: ChainLink] = [:]
    private var subjects: Int64 = 0

    init(_ db: Database) {
        self.db = db
    }

    mutating func add(_ bytes: [UInt8], at index: UInt64) throws {
        guard let record = try? LogRecord(packed: bytes) else { throw LogDamage("is no record", index: index) }
        let link = links[record.chain] ?? .start
        guard record.sequence == link.nextSequence, record.previousHash == link.lastHash else {
            throw LogDamage("does not continue the chain of \(record.chain.source)", index: index)
        }
        links[record.chain] = link.following(bytes)
        try checkColumns(of: record, at: index)
    }

    private mutating func checkColumns(of record: LogRecord, at index: UInt64) throws {
        guard try EntryTable.entry(record.chain, sequence: record.sequence, in: db)?.index == index else {
            throw LogDamage("is filed under another source or sequence", index: index)
        }
        let rows = try Row.fetchAll(db, sql: "SELECT user_id, object FROM subjects WHERE idx = ?", arguments: [Int64(index)])
        guard Set(rows.map { $0[0] as String }) == record.subjects, rows.allSatisfy({ $0[1] as String == record.object }) else {
            throw LogDamage("is filed under another user or object", index: index)
        }
    }

    func finish(size: UInt64) throws {
        let rows = try Int64.fetchOne(db, sql: "SELECT count(*) FROM chains") ?? 0
        guard rows == links.count else { throw LogDamage("there are \(rows) chains, not \(links.count)") }
        for (chain, link) in links where try EntryTable.link(of: chain, in: db) != link {
            throw LogDamage("the chain of \(chain.source) is said to end elsewhere")
        }
    }
}
