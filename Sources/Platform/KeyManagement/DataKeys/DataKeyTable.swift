public import Storage
internal import FoundationEssentials
internal import GRDB

/// SQL on `data_keys`: a service's data keys, each wrapped by its `data-key` from the secret store.
public enum DataKeyTable {
    public static let migration = DatabaseSchema.Migration(
        "data-keys-1",
        sql: """
            CREATE TABLE data_keys (
                purpose TEXT NOT NULL, id INTEGER NOT NULL, wrapped BLOB NOT NULL, wrapped_by TEXT NOT NULL,
                PRIMARY KEY (purpose, id)
            ) STRICT, WITHOUT ROWID;
            """)

    /// For a database that had the table before wrapping keys had names.
    public static let wrappedBy = DatabaseSchema.Migration(
        "data-keys-2", sql: "ALTER TABLE data_keys ADD COLUMN wrapped_by TEXT NOT NULL DEFAULT ''")

    struct Entry: Sendable {
        var purpose: String
        var id: UInt32
        var wrapped: [UInt8]
        /// Which key wrapped it; empty for one from before they had names.
        var wrappedBy: String
    }

    static func all(in db: Database) throws -> [Entry] {
        try Row.fetchAll(db, sql: "SELECT purpose, id, wrapped, wrapped_by FROM data_keys").map { row in
            Entry(
                purpose: try row.decode(forColumn: "purpose"), id: try row.decode(forColumn: "id"),
                wrapped: Array(try row.decode(Data.self, forColumn: "wrapped")), wrappedBy: try row.decode(forColumn: "wrapped_by"))
        }
    }

    static func put(_ entry: Entry, in db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO data_keys (purpose, id, wrapped, wrapped_by) VALUES (?, ?, ?, ?)",
            arguments: [entry.purpose, entry.id, Data(entry.wrapped), entry.wrappedBy])
    }
}
