internal import Cryptography
internal import GRDB

/// What must hold before the log serves. Bounded work: the tree's right edge is recomputed from the last tile's entries and the
/// last signed checkpoint is compared. Only when something is wrong does the full check run, to name the first bad entry.
struct StartCheck {
    private let db: Database
    private let verifier: NoteVerifier

    init(_ db: Database, verifier: NoteVerifier) {
        self.db = db
        self.verifier = verifier
    }

    /// - Throws: `LogDamage`.
    func run() throws {
        do {
            let size = try EntryTable.size(in: db)
            try checkSigned(size: size)
            try checkRightEdge(size: size)
        } catch {
            try FullCheck(db, verifier: verifier).run()
            // The full check found nothing: then the first finding stands as it is.
            throw (error as? TileMissing).map { LogDamage($0) } ?? error
        }
    }

    private func checkSigned(size: UInt64) throws {
        guard let last = try CheckpointTable.last(in: db) else { return }
        guard last.size <= size else { throw LogDamage("is missing, but was signed", index: size) }
        try FullCheck.checkNote(last, by: verifier)
        guard try TileHashes(TileTable(db: db)).compactRange(size: last.size).root == last.root else {
            throw LogDamage("the stored tree has another root than the checkpoint of size \(last.size)")
        }
    }

    /// Every hash on the right edge follows from the hashes below it, down to the last entries' bytes.
    private func checkRightEdge(size: UInt64) throws {
        guard size > 0 else { return }
        let tiles = TileTable(db: db)
        var width = size
        for level in 0..<Tile.levels where width > 0 {
            let number = (width - 1) / UInt64(Tile.fullWidth)
            let id = Tile.ID(level: level, number: number)
            let first = number * UInt64(Tile.fullWidth)
            guard let tile = try tiles.tile(id), UInt64(tile.hashes.count) == width - first else { throw TileMissing(id) }
            for (offset, hash) in tile.hashes.enumerated() where try expected(level, first + UInt64(offset), tiles) != hash {
                throw LogDamage("tile \(level)/\(number) does not follow from what is below it")
            }
            width /= UInt64(Tile.fullWidth)
        }
    }

    private func expected(_ level: Int, _ index: UInt64, _ tiles: TileTable) throws -> MerkleHash? {
        guard level > 0 else { return try EntryTable.record(at: index, in: db).map { MerkleTree.leafHash($0) } }
        return try tiles.tile(Tile.ID(level: level - 1, number: index))?.root
    }
}
