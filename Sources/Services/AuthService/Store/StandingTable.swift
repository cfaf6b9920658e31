internal import GRDB
internal import Storage

/// SQL on roles and verifications.
enum StandingTable {
    static func find(userID: String, in db: Database) throws -> Standing? {
        try Row.fetchOne(
            db,
            sql: """
                SELECT a.role, v.verified_at FROM accounts a LEFT JOIN verifications v ON v.user_id = a.user_id
                WHERE a.user_id = ? AND a.confirmed = 1
                """,
            arguments: [userID]
        ).map { row in
            // A role that this program does not know gives nothing.
            Standing(role: .init(rawValue: try row.decode(forColumn: "role")) ?? .user, verifiedAt: try row.decode(forColumn: "verified_at"))
        }
    }

    /// - Returns: false when the account is not there, or not confirmed.
    static func set(_ role: Standing.Role, of userID: String, in db: Database) throws -> Bool {
        try db.execute(sql: "UPDATE accounts SET role = ? WHERE user_id = ? AND confirmed = 1", arguments: [role.rawValue, userID])
        return db.changesCount == 1
    }

    /// The latest record stands.
    static func record(_ verification: Verification, now: Int64, in db: Database) throws {
        try db.execute(sql: "DELETE FROM verifications WHERE user_id = ?", arguments: [verification.userID])
        guard !verification.isWithdrawn else { return }
        try db.execute(
            sql: "INSERT INTO verifications (user_id, verified_at, admin_id, reason) VALUES (?, ?, ?, ?)",
            arguments: [verification.userID, now, verification.adminID, verification.reason])
    }
}

extension DatabaseSchema.Migration {
    static let standings = DatabaseSchema.Migration(
        "roles and verifications",
        sql: """
            ALTER TABLE accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'user';
            CREATE TABLE verifications (
                user_id TEXT PRIMARY KEY NOT NULL REFERENCES accounts (user_id) ON DELETE CASCADE,
                verified_at INTEGER NOT NULL,
                admin_id TEXT NOT NULL,
                reason TEXT NOT NULL
            ) STRICT, WITHOUT ROWID;
            """)
}
