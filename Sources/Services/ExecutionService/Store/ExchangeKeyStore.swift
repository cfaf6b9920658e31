internal import Crypto
internal import Cryptography
internal import GRDB

/// A person's key at the exchange. The private half leaves this process in no form.
struct StoredExchangeKey: Sendable {
    enum State: String { case pending, active, retired }

    var id: String
    var user: String
    var state: State
    var privateKey: Curve25519.Signing.PrivateKey
    /// What the exchange calls it; nil until activated.
    var apiKey: String?
    /// Milliseconds since 1970; nil until activated.
    var activatedMilliseconds: Int64?
    /// The operator revoked it: what it placed is to be cancelled.
    var isRevoked = false
}

struct ExchangeKeyStore: Sendable {
    let cipher: ColumnCipher

    private func address(_ column: String, _ id: String) -> ColumnAddress {
        ColumnAddress(table: "exchange_keys", column: column, row: id)
    }

    func insert(_ key: StoredExchangeKey, now: Int64, in db: Database) throws {
        let sealed = try cipher.seal(key.privateKey.rawRepresentation, at: address("private_key_sealed", key.id))
        try db.execute(
            sql: "INSERT INTO exchange_keys (id, user_id, state, private_key_sealed, created_ms) VALUES (?, ?, ?, ?, ?)",
            arguments: [key.id, key.user, key.state.rawValue, Blob(sealed), now])
    }

    func countPending(user: String, in db: Database) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM exchange_keys WHERE user_id = ? AND state = 'pending'", arguments: [user]) ?? 0
    }

    /// - Returns: nil for one that is gone.
    func find(_ id: String, in db: Database) throws -> StoredExchangeKey? {
        try Row.fetchOne(db, sql: "SELECT * FROM exchange_keys WHERE id = ? AND gone_ms IS NULL", arguments: [id]).map(read)
    }

    /// Keys that are used for nothing new and are not gone yet.
    func leaving(limit: Int, in db: Database) throws -> [StoredExchangeKey] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM exchange_keys WHERE state = 'retired' AND gone_ms IS NULL ORDER BY random() LIMIT ?", arguments: [limit]
        ).map(read)
    }

    func active(user: String, in db: Database) throws -> StoredExchangeKey? {
        try Row.fetchOne(db, sql: "SELECT * FROM exchange_keys WHERE user_id = ? AND state = 'active'", arguments: [user]).map(read)
    }

    /// Makes the key the person's only active one.
    func activate(_ key: StoredExchangeKey, apiKey: String, now: Int64, in db: Database) throws {
        try db.execute(
            sql: "UPDATE exchange_keys SET state = 'retired', retired_ms = ? WHERE user_id = ? AND state = 'active'", arguments: [now, key.user])
        let sealed = try cipher.seal(Array(apiKey.utf8), at: address("api_key_sealed", key.id))
        try db.execute(
            sql: "UPDATE exchange_keys SET state = 'active', api_key_sealed = ?, activated_ms = ? WHERE id = ?",
            arguments: [Blob(sealed), now, key.id])
    }

    private func read(_ row: Row) throws -> StoredExchangeKey {
        let id: String = row["id"]
        guard let state = StoredExchangeKey.State(rawValue: row["state"]) else { throw StoreError.unreadable("exchange_keys.state") }
        let raw = try cipher.open(row.bytes("private_key_sealed"), at: address("private_key_sealed", id))
        let apiKey = try (row["api_key_sealed"] as Blob?).map { try cipher.open($0.bytes, at: address("api_key_sealed", id)) }
        return StoredExchangeKey(
            id: id, user: row["user_id"], state: state, privateKey: try Curve25519.Signing.PrivateKey(rawRepresentation: raw),
            apiKey: apiKey.map { String(decoding: $0, as: UTF8.self) }, activatedMilliseconds: row["activated_ms"],
            isRevoked: row["revoked_ms"] != nil)
    }
}
