internal import GRDB

/// SQL on `join_tokens`: those that auth made, and of the others those that were used.
enum JoinTokenTable {
    enum Use: Sendable, Equatable {
        case taken, unknown, used, expired, otherService
    }

    /// Tokens that wait to be used.
    static let most = 10_000

    /// - Returns: false when too many wait already.
    static func insert(_ token: JoinToken, _ grant: JoinTokenGrant, now: Int64, in db: Database) throws -> Bool {
        try db.execute(sql: "DELETE FROM join_tokens WHERE expires_at < ?", arguments: [now - 86400])
        guard try Int.fetchOne(db, sql: "SELECT count(*) FROM join_tokens") ?? 0 < most else { return false }
        try db.execute(
            sql: "INSERT INTO join_tokens (token_hash, service, expires_at) VALUES (?, ?, ?)",
            arguments: [token.hash.blob, grant.service, grant.expiresAt])
        return true
    }

    static func contains(_ token: JoinToken, in db: Database) throws -> Bool {
        try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM join_tokens WHERE token_hash = ?)", arguments: [token.hash.blob]) ?? false
    }

    /// Takes a token, once and for ever.
    ///
    /// - Parameter deployed: what the deployment's own file says of it; counts only for a token that is not known here.
    static func take(
        _ token: JoinToken, for service: String, deployed: JoinTokenGrant?, now: Int64, in db: Database
    ) throws -> Use {
        let row = try Row.fetchOne(
            db, sql: "SELECT service, expires_at, used_at FROM join_tokens WHERE token_hash = ?", arguments: [token.hash.blob])
        let known = try row.map {
            JoinTokenGrant(service: try $0.decode(forColumn: "service"), expiresAt: try $0.decode(forColumn: "expires_at"))
        }
        guard let grant = known ?? deployed else { return .unknown }
        if let row, try row.decode(Int64?.self, forColumn: "used_at") != nil { return .used }
        guard grant.expiresAt > now else { return .expired }
        guard grant.service == service else { return .otherService }
        try db.execute(
            sql: """
                INSERT INTO join_tokens (token_hash, service, expires_at, used_at) VALUES (:hash, :service, :expires, :now)
                ON CONFLICT (token_hash) DO UPDATE SET used_at = :now
                """,
            arguments: ["hash": token.hash.blob, "service": grant.service, "expires": grant.expiresAt, "now": now])
        return .taken
    }
}
