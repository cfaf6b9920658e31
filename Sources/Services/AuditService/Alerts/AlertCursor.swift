internal import GRDB
internal import Storage

/// SQL of how far the alerts were sent.
enum AlertCursor {
    static let migration = DatabaseSchema.Migration(
        "alerts-1", sql: "CREATE TABLE alert_cursor (id INTEGER PRIMARY KEY CHECK (id = 1), next INTEGER NOT NULL) STRICT;")

    /// The first record that was not looked at; nil before any was.
    static func next(in db: Database) throws -> UInt64? {
        try Int64.fetchOne(db, sql: "SELECT next FROM alert_cursor").map { UInt64(clamping: $0) }
    }

    static func set(_ next: UInt64, in db: Database) throws {
        try db.execute(sql: "INSERT OR REPLACE INTO alert_cursor VALUES (1, ?)", arguments: [Int64(clamping: next)])
    }
}
