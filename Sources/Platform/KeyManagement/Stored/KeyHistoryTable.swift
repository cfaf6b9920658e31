public import Storage
internal import GRDB

/// SQL on `key_history`.
public enum KeyHistoryTable {
    /// The table. The schema of every service with keys in a secret store includes it.
    public static let migration = DatabaseSchema.Migration(
        "key-history-1",
        sql: """
            CREATE TABLE key_history (
                kind TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL, activated_at INTEGER,
                retired_at INTEGER, gone_at INTEGER, activate_at INTEGER,
                PRIMARY KEY (kind, id)
            ) STRICT, WITHOUT ROWID;
            """)

    /// Of which keys the rotation was asked for. The schema of a service whose keys are made elsewhere includes it too.
    public static let requests = DatabaseSchema.Migration(
        "key-requests-1", sql: "CREATE TABLE key_requests (kind TEXT NOT NULL, id TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT;")

    static func readRequests(of kind: KeyKind, into history: inout KeyHistory, in db: Database) throws {
        for row in try Row.fetchAll(db, sql: "SELECT id, reason FROM key_requests WHERE kind = ?", arguments: [kind.rawValue]) {
            history.request(try row.decode(forColumn: "id"), because: try row.decode(forColumn: "reason"))
        }
    }

    static func writeRequest(of id: String, _ kind: KeyKind, because reason: String, in db: Database) throws {
        try db.execute(sql: "INSERT OR REPLACE INTO key_requests VALUES (?, ?, ?)", arguments: [kind.rawValue, id, reason])
    }

    static func read(_ kind: KeyKind, in db: Database) throws -> KeyHistory {
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM key_history WHERE kind = ?", arguments: [kind.rawValue])
        return KeyHistory(
            try rows.reduce(into: [:]) { entries, row in
                let id: String = try row.decode(forColumn: "id")
                guard let state = KeyState(rawValue: try row.decode(forColumn: "state")) else {
                    throw StorageError.corrupt("key_history.state of \(kind.rawValue)/\(id)")
                }
                let record = KeyRecord(
                    id: id, state: state, createdAt: try row.decode(forColumn: "created_at"), activatedAt: try row.decode(forColumn: "activated_at"),
                    retiredAt: try row.decode(forColumn: "retired_at"), goneAt: try row.decode(forColumn: "gone_at"))
                entries[id] = KeyHistory.Entry(record: record, activateAt: try row.decode(forColumn: "activate_at"))
            })
    }

    static func write(_ history: KeyHistory, of kind: KeyKind, in db: Database) throws {
        for entry in history.entries.values {
            let key = entry.record
            try db.execute(
                sql: "INSERT OR REPLACE INTO key_history VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    kind.rawValue, key.id, key.state.rawValue, key.createdAt, key.activatedAt, key.retiredAt, key.goneAt, entry.activateAt,
                ])
        }
    }
}
