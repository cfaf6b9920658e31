internal import Foundation
internal import GRDB

/// What a join token is used for.
struct JoinTokenClaim: Sendable {
    let service: String
    let spiffeID: String
    /// SHA-256 of the public key.
    let keyFingerprint: [UInt8]
    /// Of the certificate that the token brings.
    let serial: String
}

/// SQL on `join_tokens`: those that auth made, and of the others those that were used.
enum JoinTokenTable {
    enum Use: Sendable, Equatable {
        case taken
        /// By the holder of the same key: the answer before got lost.
        case takenAgain
        case unknown, used, expired, otherService
    }

    /// Tokens that wait to be used.
    static let most = 10_000
    /// Certificates for one token: who enrols asks again when an answer gets lost.
    static let mostAnswers = 8

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

    /// Takes a token, for one key and for ever.
    ///
    /// - Parameters:
    ///   - claim: what it is taken for.
    ///   - deployed: what the deployment's own file says of it; counts only for a token that is not known here.
    static func take(_ token: JoinToken, for claim: JoinTokenClaim, deployed: JoinTokenGrant?, now: Int64, in db: Database) throws -> Use {
        let row = try Row.fetchOne(db, sql: "SELECT * FROM join_tokens WHERE token_hash = ?", arguments: [token.hash.blob])
        let known = try row.map {
            JoinTokenGrant(service: try $0.decode(forColumn: "service"), expiresAt: try $0.decode(forColumn: "expires_at"))
        }
        guard let grant = known ?? deployed else { return .unknown }
        var isFirst = true
        if let row, try row.decode(Int64?.self, forColumn: "used_at") != nil {
            guard try grant.expiresAt > now && mayAskAgain(row, claim, in: db) else { return .used }
            isFirst = false
        }
        guard grant.expiresAt > now else { return .expired }
        guard grant.service == claim.service else { return .otherService }
        try db.execute(
            sql: """
                INSERT INTO join_tokens (token_hash, service, expires_at, used_at, key_fingerprint, serial, answers)
                VALUES (:hash, :service, :expires, :now, :key, :serial, 1)
                ON CONFLICT (token_hash) DO UPDATE SET used_at = :now, key_fingerprint = :key, serial = :serial, answers = answers + 1
                """,
            arguments: [
                "hash": token.hash.blob, "service": grant.service, "expires": grant.expiresAt, "now": now, "key": claim.keyFingerprint.blob,
                "serial": claim.serial,
            ])
        return isFirst ? .taken : .takenAgain
    }

    /// Whoever used the token and holds the key that it was used for may not have had the answer. Not after what came of it was revoked.
    private static func mayAskAgain(_ row: Row, _ claim: JoinTokenClaim, in db: Database) throws -> Bool {
        let (key, serial) = (row["key_fingerprint"] as Data?, row["serial"] as String?)
        guard let key, let serial, Array(key) == claim.keyFingerprint, (row["answers"] as Int) < mostAnswers else { return false }
        return try CertificateTable.mayBeRenewed(serial: serial, spiffeID: claim.spiffeID, in: db)
    }
}
