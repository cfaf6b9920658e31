internal import Cryptography
internal import Foundation
internal import GRDB

/// A checkpoint that was signed.
struct SignedCheckpoint: Sendable, Equatable {
    let size: UInt64
    let root: MerkleHash
    /// The signed note.
    let note: String
}

/// SQL of the signed checkpoints.
enum CheckpointTable {
    /// Signed checkpoints that are kept, newest first.
    static let kept = 10_000

    static func last(in db: Database) throws -> SignedCheckpoint? {
        try fetch("SELECT size, root, note FROM checkpoints ORDER BY size DESC LIMIT 1", in: db).first
    }

    static func all(in db: Database) throws -> [SignedCheckpoint] {
        try fetch("SELECT size, root, note FROM checkpoints ORDER BY size", in: db)
    }

    static func insert(_ checkpoint: SignedCheckpoint, in db: Database) throws {
        try db.execute(
            literal: "INSERT INTO checkpoints VALUES (\(Int64(checkpoint.size)), \(Data(checkpoint.root.bytes)), \(checkpoint.note))")
        try db.execute(
            sql: """
                DELETE FROM checkpoints WHERE size <
                    (SELECT min(size) FROM (SELECT size FROM checkpoints ORDER BY size DESC LIMIT ?))
                """, arguments: [kept])
    }

    private static func fetch(_ sql: String, in db: Database) throws -> [SignedCheckpoint] {
        try Row.fetchAll(db, sql: sql).map { row in
            let size = UInt64(clamping: row[0] as Int64)
            guard let root = MerkleHash(row[1] as Data) else { throw LogDamage("checkpoint of size \(size): root is not a hash") }
            return SignedCheckpoint(size: size, root: root, note: row[2])
        }
    }
}
