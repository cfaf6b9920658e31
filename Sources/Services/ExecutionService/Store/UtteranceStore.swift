internal import Cryptography
internal import GRDB

/// The person's words, sealed.
struct UtteranceStore: Sendable {
    let cipher: ColumnCipher

    struct Utterance: Sendable {
        var id: String
        var text: String
        var sha256: [UInt8]
        var createdMilliseconds: Int64
        /// Proposals made from it so far.
        var proposals: Int
    }

    private func address(_ id: String) -> ColumnAddress {
        ColumnAddress(table: "utterances", column: "text_sealed", row: id)
    }

    func insert(id: String, user: String, text: String, now: Int64, in db: Database) throws {
        let bytes = Array(text.utf8)
        try db.execute(
            sql: "INSERT INTO utterances (id, user_id, text_sealed, sha256, created_ms) VALUES (?, ?, ?, ?, ?)",
            arguments: [id, user, Blob(try cipher.seal(bytes, at: address(id))), Blob(Hashing.sha256(bytes)), now])
    }

    /// Forgets a person's utterances of which no proposal came.
    func prune(user: String, before: Int64, in db: Database) throws {
        try db.execute(sql: "DELETE FROM utterances WHERE user_id = ? AND created_ms < ? AND proposals = 0", arguments: [user, before])
    }

    /// Those of which no proposal came.
    func countIdle(user: String, in db: Database) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM utterances WHERE user_id = ? AND proposals = 0", arguments: [user]) ?? 0
    }

    func find(_ id: String, in db: Database) throws -> Utterance? {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM utterances WHERE id = ?", arguments: [id]) else { return nil }
        let text = try cipher.open(row.bytes("text_sealed"), at: address(id))
        return Utterance(
            id: id, text: String(decoding: text, as: UTF8.self), sha256: row.bytes("sha256"), createdMilliseconds: row["created_ms"],
            proposals: row["proposals"])
    }

    func countProposal(of id: String, in db: Database) throws {
        try db.execute(sql: "UPDATE utterances SET proposals = proposals + 1 WHERE id = ?", arguments: [id])
    }
}
