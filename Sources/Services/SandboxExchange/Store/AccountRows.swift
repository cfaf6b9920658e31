import Cryptography
import FoundationEssentials
import GRDB
import Trading

extension SandboxTransaction {
    func addAccount(_ wallet: Wallet, at time: Int64) throws -> Int64 {
        try db.execute(sql: "INSERT INTO account (created_ms) VALUES (?)", arguments: [time])
        let id = db.lastInsertedRowID
        try save(wallet, of: id)
        return id
    }

    func hasAccount(_ id: Int64) throws -> Bool {
        try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM account WHERE id = ?)", arguments: [id]) ?? false
    }

    func wallet(of account: Int64) throws -> Wallet {
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM balance WHERE account = ?", arguments: [account])
        let balances = try rows.map { row in
            (row["asset"] as String, Wallet.Balance(free: try decimal(row, "free"), locked: try decimal(row, "locked")))
        }
        return Wallet(Dictionary(balances, uniquingKeysWith: { first, _ in first }))
    }

    func save(_ wallet: Wallet, of account: Int64) throws {
        for (asset, balance) in wallet.balances {
            try db.execute(
                sql: "INSERT OR REPLACE INTO balance (account, asset, free, locked) VALUES (?, ?, ?, ?)",
                arguments: [account, asset, balance.free.description, balance.locked.description])
        }
    }

    func add(_ key: APIKey, at time: Int64) throws {
        try db.execute(
            sql: """
                INSERT INTO api_key (api_key, account, type, material, can_trade, label, created_ms, can_withdraw, addresses)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                Self.stored(key.apiKey), key.account, key.type.rawValue, key.sealedMaterial, key.rights.canTrade, key.label, time, key.rights.canWithdraw,
                key.rights.addresses.sorted().joined(separator: " "),
            ])
    }

    /// Keys stand in the database as their SHA-256: whoever has its file has none of them.
    static func stored(_ apiKey: String) -> String {
        Hex.encode(Hashing.sha256(Array(apiKey.utf8)))
    }

    /// Nil for a key that is unknown or revoked.
    func key(_ apiKey: String) throws -> APIKey? {
        let sql = "SELECT * FROM api_key WHERE api_key = ? AND revoked_ms IS NULL"
        guard let row = try Row.fetchOne(db, sql: sql, arguments: [Self.stored(apiKey)]) else { return nil }
        guard let type = APIKey.KeyType(rawValue: row["type"]) else { throw Failure.damagedRow("type") }
        return APIKey(
            apiKey: apiKey, account: row["account"], type: type, sealedMaterial: row["material"],
            rights: APIKey.Rights(
                canTrade: row["can_trade"], canWithdraw: row["can_withdraw"],
                addresses: Set((row["addresses"] as String).split(separator: " ").map(String.init))),
            label: row["label"], createdTime: row["created_ms"])
    }

    /// - Returns: whether there was such a key.
    func revokeKey(_ apiKey: String, of account: Int64, at time: Int64) throws -> Bool {
        try db.execute(
            sql: "UPDATE api_key SET revoked_ms = ? WHERE api_key = ? AND account = ? AND revoked_ms IS NULL",
            arguments: [time, Self.stored(apiKey), account])
        return db.changesCount == 1
    }
}
