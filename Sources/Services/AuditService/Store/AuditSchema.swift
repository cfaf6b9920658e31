internal import Foundation
internal import GRDB
internal import KeyManagement
internal import Storage

/// The log's file. Entries and hashes are written once and never changed.
enum AuditSchema {
    static let schema = DatabaseSchema(
        migrations: [log, KeyHistoryTable.migration, AlertCursor.migration], userTables: [.init("subjects", owner: "user_id")])

    private static let log = DatabaseSchema.Migration("log-1") { db in
        try db.execute(
            sql: """
                -- The entry's bytes as they came: hashes are over these, nothing packs them again.
                CREATE TABLE entries (
                    idx INTEGER PRIMARY KEY,
                    record BLOB NOT NULL,
                    source TEXT NOT NULL,
                    epoch INTEGER NOT NULL,
                    sequence INTEGER NOT NULL,
                    UNIQUE (source, epoch, sequence));
                -- Where each source's chain ends.
                CREATE TABLE chains (
                    source TEXT NOT NULL,
                    epoch INTEGER NOT NULL,
                    next_sequence INTEGER NOT NULL,
                    last_hash BLOB NOT NULL,
                    PRIMARY KEY (source, epoch));
                -- The tree: 256 hashes a row (C2SP tlog-tiles), fewer at the right edge.
                CREATE TABLE tiles (
                    level INTEGER NOT NULL,
                    number INTEGER NOT NULL,
                    hashes BLOB NOT NULL,
                    PRIMARY KEY (level, number));
                -- Which entries tell of which user.
                CREATE TABLE subjects (
                    user_id TEXT NOT NULL,
                    idx INTEGER NOT NULL REFERENCES entries (idx),
                    object TEXT NOT NULL,
                    PRIMARY KEY (user_id, idx)) WITHOUT ROWID;
                CREATE TABLE checkpoints (
                    size INTEGER PRIMARY KEY,
                    root BLOB NOT NULL,
                    note TEXT NOT NULL);
                -- The chain of the log's own events.
                CREATE TABLE own_chain (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL);
                """)
        let epoch = Int64(Date().timeIntervalSince1970) << 20 | Int64.random(in: 0..<(1 << 20))
        try db.execute(literal: "INSERT INTO own_chain VALUES (1, \(epoch))")
    }
}
