internal import GRDB

/// SQL on `accounts`.
enum AccountTable {
    /// Accounts that wait for their first code.
    static let mostPending = 10_000
    /// Seconds after which such an account is forgotten.
    static let pendingLifetime: Int64 = 86400

    enum Insertion { case inserted, taken, tooManyPending }

    private static let columns = "user_id, password_hash, totp_seed, totp_last_step, confirmed"

    static func find(emailIndex: [UInt8], in db: Database) throws -> Account? {
        try Row.fetchOne(db, sql: "SELECT \(columns) FROM accounts WHERE email_index = ?", arguments: [emailIndex.blob]).map(account)
    }

    static func find(userID: String, in db: Database) throws -> Account? {
        try Row.fetchOne(db, sql: "SELECT \(columns) FROM accounts WHERE user_id = ?", arguments: [userID]).map(account)
    }

    private static func account(_ row: Row) throws -> Account {
        Account(
            userID: try row.decode(forColumn: "user_id"), passwordHash: try row.decode(forColumn: "password_hash"),
            sealedSeed: try row.bytes("totp_seed"), lastStep: try row.decode(forColumn: "totp_last_step"),
            isConfirmed: try row.decode(forColumn: "confirmed"))
    }

    /// A second sign-up replaces one that was never confirmed: an address cannot be squatted.
    static func insert(_ account: NewAccount, now: Int64, in db: Database) throws -> Insertion {
        try db.execute(sql: "DELETE FROM accounts WHERE confirmed = 0 AND created_at < ?", arguments: [now - pendingLifetime])
        try db.execute(sql: "DELETE FROM accounts WHERE confirmed = 0 AND email_index = ?", arguments: [account.emailIndex.blob])
        guard try find(emailIndex: account.emailIndex, in: db) == nil else { return .taken }
        let pending = try Int.fetchOne(db, sql: "SELECT count(*) FROM accounts WHERE confirmed = 0") ?? 0
        guard pending < mostPending else { return .tooManyPending }
        try db.execute(
            sql: """
                INSERT INTO accounts (user_id, email_index, email, password_hash, totp_seed, created_at) VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                account.userID, account.emailIndex.blob, account.sealedEmail.blob, account.passwordHash, account.sealedSeed.blob, now,
            ])
        return .inserted
    }

    /// Takes a code's step, once.
    ///
    /// - Parameter confirming: whether this is the code that confirms the account.
    /// - Returns: false when this or a later step was taken before, or the account is not in the expected state.
    static func take(step: Int64, of userID: String, confirming: Bool, in db: Database) throws -> Bool {
        try db.execute(
            sql: """
                UPDATE accounts SET totp_last_step = :step, confirmed = 1
                WHERE user_id = :user AND totp_last_step < :step AND confirmed = :confirmed
                """,
            arguments: ["step": step, "user": userID, "confirmed": !confirming])
        return db.changesCount == 1
    }

    static func setPasswordHash(_ hash: String, of userID: String, in db: Database) throws {
        try db.execute(sql: "UPDATE accounts SET password_hash = ? WHERE user_id = ?", arguments: [hash, userID])
    }
}
