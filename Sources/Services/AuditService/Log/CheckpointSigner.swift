internal import Cryptography
internal import GRDB

/// Signs the tree's head. It never signs one that does not continue the last signed one.
struct CheckpointSigner: Sendable {
    private let signer: NoteSigner

    init(_ signer: NoteSigner) {
        self.signer = signer
    }

    var verifier: NoteVerifier { signer.verifier }

    /// In one transaction: checks the stored tree against the last signed checkpoint, signs the head, keeps the note.
    /// Whoever receives the note later finds it here, also after a crash in between.
    ///
    /// - Throws: `LogDamage` when the stored tree is not a continuation.
    func sign(in db: Database) throws -> SignedCheckpoint {
        let size = try EntryTable.size(in: db)
        let hashes = TileHashes(TileTable(db: db))
        if let last = try CheckpointTable.last(in: db) {
            guard last.size <= size else { throw LogDamage("the log has \(size) entries, but \(last.size) were signed", index: size) }
            guard try hashes.compactRange(size: last.size).root == last.root else {
                throw LogDamage("the first \(last.size) entries are not those that were signed")
            }
            if last.size == size { return last }
        }
        let checkpoint = Checkpoint(origin: signer.name, size: size, root: try hashes.compactRange(size: size).root)
        let signed = SignedCheckpoint(size: size, root: checkpoint.root, note: try signer.sign(checkpoint.text).serialized)
        try CheckpointTable.insert(signed, in: db)
        return signed
    }
}
