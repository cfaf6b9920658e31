internal import Crypto
internal import Cryptography
internal import GRDB

/// The private half of a trade key.
enum TradeKeyMaterial: Sendable {
    /// Here, sealed in the database; it leaves this process in no form.
    case local(Curve25519.Signing.PrivateKey)
    /// In a store of this kind, which is that one, by this name: it never was in this process.
    case remote(store: String, place: String, name: String)

    /// nil: none.
    var store: String? { if case .remote(let store, _, _) = self { store } else { nil } }
}

/// A person's key at the exchange.
struct StoredExchangeKey: Sendable {
    enum State: String { case pending, active, retired }

    var id: String
    var user: String
    var state: State
    var material: TradeKeyMaterial
    /// What the exchange calls it; nil until activated.
    var apiKey: String?
    /// Milliseconds since 1970; nil until activated.
    var activatedMilliseconds: Int64?
    /// The operator revoked it: what it placed is to be cancelled.
    var isRevoked = false
    /// It was heard that it is there.
    var isMade = false
}

struct ExchangeKeyStore: Sendable {
    let cipher: ColumnCipher

    private func address(_ column: String, _ id: String) -> ColumnAddress {
        ColumnAddress(table: "exchange_keys", column: column, row: id)
    }

    /// Keeps a key that is about to be made. Until `made` it is one that is to end: if nobody comes back to it, `leaving` has it.
    ///
    /// - Parameter until: how long whoever makes it may take, milliseconds since 1970.
    func insert(_ key: StoredExchangeKey, now: Int64, until: Int64, in db: Database) throws {
        let (sealed, store, place, name): ([UInt8], String?, String?, String?) =
            switch key.material {
            case .local(let pair): (try cipher.seal(pair.rawRepresentation, at: address("private_key_sealed", key.id)), nil, nil, nil)
            case .remote(let store, let place, let name): ([], store, place, name)
            }
        try db.execute(
            sql: """
                INSERT INTO exchange_keys
                    (id, user_id, state, private_key_sealed, remote_store, remote_place, remote_key, created_ms, retired_ms, making_until_ms)
                VALUES (?, ?, 'retired', ?, ?, ?, ?, ?, ?, ?)
                """, arguments: [key.id, key.user, Blob(sealed), store, place, name, now, now, until])
    }

    /// The key is there: it waits for its activation.
    ///
    /// - Returns: false when it was given up, or revoked, meanwhile.
    func made(_ id: String, now: Int64, in db: Database) throws -> Bool {
        try db.execute(
            sql: """
                UPDATE exchange_keys SET state = 'pending', retired_ms = NULL, making_until_ms = NULL, made_ms = :now
                WHERE id = :id AND gone_ms IS NULL AND revoked_ms IS NULL AND making_until_ms > :now
                """, arguments: ["id": id, "now": now])
        return db.changesCount > 0
    }

    /// It was not made, or nobody will know: it is to end.
    func giveUp(_ id: String, in db: Database) throws {
        try db.execute(sql: "UPDATE exchange_keys SET making_until_ms = NULL WHERE id = ?", arguments: [id])
    }

    /// Those that are being made count too.
    func countPending(user: String, now: Int64, in db: Database) throws -> Int {
        try Int.fetchOne(
            db, sql: "SELECT count(*) FROM exchange_keys WHERE user_id = ? AND gone_ms IS NULL AND (state = 'pending' OR making_until_ms > ?)",
            arguments: [user, now]) ?? 0
    }

    /// - Returns: nil for one that is gone.
    func find(_ id: String, in db: Database) throws -> StoredExchangeKey? {
        try Row.fetchOne(db, sql: "SELECT * FROM exchange_keys WHERE id = ? AND gone_ms IS NULL", arguments: [id]).map(read)
    }

    /// Keys that are used for nothing new and are not gone yet; not those that somebody is making.
    ///
    /// - Parameter made: keys that were to be made by then are made by nobody any more, milliseconds since 1970.
    func leaving(made: Int64, limit: Int, in db: Database) throws -> [StoredExchangeKey] {
        try Row.fetchAll(
            db, sql: """
                SELECT * FROM exchange_keys WHERE state = 'retired' AND gone_ms IS NULL AND coalesce(making_until_ms, 0) <= ?
                ORDER BY random() LIMIT ?
                """, arguments: [made, limit]
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
        let material: TradeKeyMaterial =
            if let store = row["remote_store"] as String?, let name = row["remote_key"] as String? {
                .remote(store: store, place: row["remote_place"] ?? "", name: name)
            } else {
                .local(
                    try Curve25519.Signing.PrivateKey(
                        rawRepresentation: try cipher.open(row.bytes("private_key_sealed"), at: address("private_key_sealed", id))))
            }
        let apiKey = try (row["api_key_sealed"] as Blob?).map { try cipher.open($0.bytes, at: address("api_key_sealed", id)) }
        return StoredExchangeKey(
            id: id, user: row["user_id"], state: state, material: material,
            apiKey: apiKey.map { String(decoding: $0, as: UTF8.self) }, activatedMilliseconds: row["activated_ms"],
            isRevoked: row["revoked_ms"] != nil, isMade: row["made_ms"] != nil)
    }
}
