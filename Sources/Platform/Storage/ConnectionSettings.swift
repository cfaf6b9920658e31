internal import GRDB
internal import GRDBSQLite

/// How every connection is set up, whoever uses it.
enum ConnectionSettings {
    /// Bytes that the WAL file is cut back to after a checkpoint.
    static let journalSize = 16 << 20

    static func apply(to db: Database) throws {
        try db.execute(
            sql: """
                PRAGMA trusted_schema = OFF;
                PRAGMA cell_size_check = ON;
                PRAGMA temp_store = MEMORY;
                """)
    }

    /// `recursive_triggers` makes REPLACE fire delete triggers: without it a user could replace another's row.
    static func applyToWriter(_ db: Database) throws {
        try apply(to: db)
        try db.execute(sql: "PRAGMA recursive_triggers = ON; PRAGMA journal_size_limit = \(journalSize)")
    }

    /// Durable commits. After GRDB has set up WAL, because that sets NORMAL; outside a transaction, where SQLite ignores it.
    static func requireDurableCommits(_ db: Database) throws {
        try db.execute(sql: "PRAGMA synchronous = FULL")
        guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2,
            try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal"
        else { throw StorageError.badSchema("SQLite refused synchronous = FULL or journal_mode = WAL") }
    }

    /// Bounds on what a user's read may make SQLite do.
    static func limitUserReads(on connection: OpaquePointer) {
        let limits: [(CInt, CInt)] = [
            (SQLITE_LIMIT_LENGTH, 16 << 20), (SQLITE_LIMIT_SQL_LENGTH, 100_000), (SQLITE_LIMIT_COLUMN, 200),
            (SQLITE_LIMIT_EXPR_DEPTH, 100), (SQLITE_LIMIT_COMPOUND_SELECT, 50), (SQLITE_LIMIT_VDBE_OP, 100_000),
            (SQLITE_LIMIT_FUNCTION_ARG, 32), (SQLITE_LIMIT_ATTACHED, 0), (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 500),
            (SQLITE_LIMIT_VARIABLE_NUMBER, 1_000), (SQLITE_LIMIT_TRIGGER_DEPTH, 1), (SQLITE_LIMIT_WORKER_THREADS, 0),
        ]
        for (limit, value) in limits { sqlite3_limit(connection, limit, value) }
    }
}
