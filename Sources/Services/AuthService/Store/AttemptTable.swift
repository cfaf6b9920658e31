internal import GRDB

/// SQL on `attempts`: how often in a row something failed under a key.
enum AttemptTable {
    /// Rows kept; the oldest go first.
    static let most: Int64 = 100_000

    /// Counts an attempt as a failure before it is made, unless it comes too early.
    static func admit(_ key: [UInt8], now: Int64, in db: Database) throws -> AttemptAdmission {
        try db.execute(sql: "DELETE FROM attempts WHERE last_at < ?", arguments: [now - AttemptDelay.memory])
        let row = try Row.fetchOne(db, sql: "SELECT failures, retry_at FROM attempts WHERE attempt_key = ?", arguments: [key.blob])
        let retryAt: Int64 = try row?.decode(forColumn: "retry_at") ?? 0
        guard retryAt <= now else { return .tooEarly(wait: min(retryAt - now, AttemptDelay.longest)) }
        let failures: Int64 = try 1 + (row?.decode(forColumn: "failures") ?? 0)
        try record(key, failures: failures, now: now, in: db)
        return .admitted(failures: failures)
    }

    private static func record(_ key: [UInt8], failures: Int64, now: Int64, in db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO attempts (attempt_key, failures, retry_at, last_at) VALUES (:key, :failures, :retry, :now)
                ON CONFLICT (attempt_key) DO UPDATE SET failures = :failures, retry_at = :retry, last_at = :now
                """,
            arguments: [
                "key": key.blob, "failures": failures, "retry": now + AttemptDelay.seconds(afterFailures: failures), "now": now,
            ])
        try db.execute(sql: "DELETE FROM attempts WHERE id <= (SELECT max(id) FROM attempts) - ?", arguments: [most])
    }

    /// After a success.
    static func forget(_ key: [UInt8], in db: Database) throws {
        try db.execute(sql: "DELETE FROM attempts WHERE attempt_key = ?", arguments: [key.blob])
    }

    /// Takes back an attempt that was admitted but never made.
    static func takeBack(_ key: [UInt8], in db: Database) throws {
        try db.execute(
            sql: "UPDATE attempts SET failures = max(failures - 1, 0), retry_at = last_at WHERE attempt_key = ?", arguments: [key.blob])
    }
}
