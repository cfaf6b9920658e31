internal import GRDB

/// A session as its row says.
struct StoredSession: Sendable {
    let sessionID: String
    let userID: String
    /// Seconds since 1970.
    let expiresAt: Int64
    let isRevoked: Bool

    func isLive(at now: Int64) -> Bool {
        !isRevoked && expiresAt > now
    }
}

/// SQL on `sessions` and `refresh_tokens`.
enum SessionTable {
    /// Starts a session with its first refresh token; ended sessions go, and of too many live ones the oldest.
    static func start(_ session: StoredSession, token: RefreshToken, now: Int64, in db: Database) throws {
        try db.execute(sql: "DELETE FROM sessions WHERE user_id = ? AND expires_at <= ?", arguments: [session.userID, now])
        try db.execute(
            sql: """
                DELETE FROM sessions WHERE session_id IN (
                    SELECT session_id FROM sessions WHERE user_id = ? ORDER BY created_at DESC, session_id LIMIT -1 OFFSET ?)
                """,
            arguments: [session.userID, SessionRules.mostPerUser - 1])
        try db.execute(
            sql: "INSERT INTO sessions (session_id, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
            arguments: [session.sessionID, session.userID, now, session.expiresAt])
        try insert(token, of: session, in: db)
    }

    private static func insert(_ token: RefreshToken, of session: StoredSession, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO refresh_tokens (token_hash, session_id, user_id) VALUES (?, ?, ?)",
            arguments: [token.hash.blob, session.sessionID, session.userID])
    }

    static func find(_ token: RefreshToken, in db: Database) throws -> (session: StoredSession, isSpent: Bool)? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT s.session_id, s.user_id, s.expires_at, s.revoked_at, t.spent_at
                FROM refresh_tokens t JOIN sessions s ON s.session_id = t.session_id WHERE t.token_hash = ?
                """,
            arguments: [token.hash.blob])
        return try row.map { row in
            (try session(row), try row.decode(Int64?.self, forColumn: "spent_at") != nil)
        }
    }

    static func find(sessionID: String, in db: Database) throws -> StoredSession? {
        try Row.fetchOne(
            db, sql: "SELECT session_id, user_id, expires_at, revoked_at FROM sessions WHERE session_id = ?", arguments: [sessionID]
        ).map(session)
    }

    private static func session(_ row: Row) throws -> StoredSession {
        StoredSession(
            sessionID: try row.decode(forColumn: "session_id"), userID: try row.decode(forColumn: "user_id"),
            expiresAt: try row.decode(forColumn: "expires_at"), isRevoked: try row.decode(Int64?.self, forColumn: "revoked_at") != nil)
    }

    /// Spends one refresh token and puts the next in its place.
    ///
    /// - Returns: false when the session has been refreshed as often as it may.
    static func exchange(
        _ old: RefreshToken, for new: RefreshToken, of session: StoredSession, now: Int64, in db: Database
    ) throws -> Bool {
        let count = try Int64.fetchOne(
            db, sql: "SELECT count(*) FROM refresh_tokens WHERE session_id = ?", arguments: [session.sessionID])
        guard count ?? 0 < SessionRules.mostRefreshes else { return false }
        try db.execute(
            sql: "UPDATE refresh_tokens SET spent_at = ? WHERE token_hash = ? AND spent_at IS NULL", arguments: [now, old.hash.blob])
        try insert(new, of: session, in: db)
        return true
    }

    static func revoke(_ session: StoredSession, now: Int64, in db: Database) throws {
        try db.execute(
            sql: "UPDATE sessions SET revoked_at = ? WHERE session_id = ? AND revoked_at IS NULL", arguments: [now, session.sessionID])
    }
}
