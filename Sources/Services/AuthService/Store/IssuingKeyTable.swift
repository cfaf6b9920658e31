internal import Crypto
internal import Cryptography
internal import GRDB

/// SQL on `issuing_keys`.
enum IssuingKeyTable {
    static func all(in db: Database) throws -> IssuingKeys {
        IssuingKeys(
            try Row.fetchAll(
                db, sql: "SELECT id, state, certificate, serial, created_at, activated_at, retired_at, ends_at FROM issuing_keys ORDER BY id"
            ).compactMap(key))
    }

    private static func key(_ row: Row) throws -> IssuingKey? {
        guard let state = IssuingKey.State(rawValue: try row.decode(forColumn: "state")) else { return nil }
        return IssuingKey(
            id: try row.decode(forColumn: "id"), state: state, certificate: try row.optionalBytes("certificate"),
            serial: try row.decode(forColumn: "serial"), createdAt: try row.decode(forColumn: "created_at"),
            activatedAt: try row.decode(forColumn: "activated_at"), retiredAt: try row.decode(forColumn: "retired_at"),
            endsAt: try row.decode(forColumn: "ends_at"))
    }

    /// The key itself, wrapped; nil once it signs no more.
    static func wrapped(_ id: Int64, in db: Database) throws -> [UInt8]? {
        try Row.fetchOne(db, sql: "SELECT wrapped FROM issuing_keys WHERE id = ?", arguments: [id])?.optionalBytes("wrapped")
    }

    /// Wraps what an earlier release wrapped by the secret store's key itself with a data key of its own.
    ///
    /// - Parameter root: that key.
    /// - Returns: the data key; nil for another purpose.
    static func inherit(_ purpose: String, root: SymmetricKey, in db: Database) throws -> SymmetricKey? {
        guard purpose == MeshIssuer.purpose else { return nil }
        let key = SymmetricKey(size: .bits256)
        let (before, after) = (KeyWrapping(rootSecret: root), KeyWrapping(rootSecret: key))
        for row in try Row.fetchAll(db, sql: "SELECT id, wrapped FROM issuing_keys WHERE wrapped IS NOT NULL") {
            let wrapped = try after.wrap(before.unwrap(row.bytes("wrapped")))
            try db.execute(sql: "UPDATE issuing_keys SET wrapped = ? WHERE id = ?", arguments: [wrapped.blob, row["id"] as Int64])
        }
        return key
    }

    /// - Returns: the new key's id.
    static func insertPending(wrapped: [UInt8], now: Int64, in db: Database) throws -> Int64 {
        try db.execute(
            sql: "INSERT INTO issuing_keys (state, wrapped, created_at) VALUES (?, ?, ?)",
            arguments: [IssuingKey.State.pending.rawValue, wrapped.blob, now])
        return db.lastInsertedRowID
    }

    /// Writes what changed. A key that signs no more is forgotten: its row keeps what it was.
    static func update(_ key: IssuingKey, in db: Database) throws {
        try db.execute(
            sql: """
                UPDATE issuing_keys SET state = :state, certificate = :certificate, serial = :serial, activated_at = :activated,
                    retired_at = :retired, ends_at = :ends, wrapped = CASE WHEN :signs THEN wrapped END
                WHERE id = :id
                """,
            arguments: [
                "id": key.id, "state": key.state.rawValue, "certificate": key.certificate?.blob, "serial": key.serial,
                "activated": key.activatedAt, "retired": key.retiredAt, "ends": key.endsAt,
                "signs": key.state == .pending || key.state == .active,
            ])
    }
}
