internal import GRDB

/// Triggers on the writer that keep a user's statement off other users' rows. TEMP, so that they need no migration and
/// cannot be forgotten by one: they stand on every user-scoped table each time the database is opened.
enum WriteGuards {
    static func install(for tables: [DatabaseSchema.UserTable], on db: Database) throws {
        for table in tables {
            try checkOwnerIndex(of: table, on: db)
            for event in Event.allCases { try db.execute(sql: trigger(on: table, at: event)) }
        }
    }

    private enum Event: String, CaseIterable {
        case insert, update, delete

        /// The rows whose owner must be the acting user.
        var rows: [String] {
            switch self {
            case .insert: ["NEW"]
            case .update: ["OLD", "NEW"]
            case .delete: ["OLD"]
            }
        }
    }

    private static func trigger(on table: DatabaseSchema.UserTable, at event: Event) -> String {
        let name = "own_\(event.rawValue)_\(table.name)".quotedDatabaseIdentifier
        let owner = table.owner.quotedDatabaseIdentifier
        let message = (StorageError.notOwnerPrefix + table.name).replacing("'", with: "''")
        let foreign = event.rows.map { "\($0).\(owner) IS NOT current_actor() COLLATE BINARY" }.joined(separator: " OR ")
        return """
            CREATE TEMP TRIGGER \(name) BEFORE \(event.rawValue) ON main.\(table.name.quotedDatabaseIdentifier)
            WHEN current_actor() IS NOT NULL AND (\(foreign))
            BEGIN SELECT RAISE(ABORT, '\(message)'); END
            """
    }

    /// A user's read walks that user's rows: without an index it would walk everybody's.
    private static func checkOwnerIndex(of table: DatabaseSchema.UserTable, on db: Database) throws {
        guard try db.tableExists(table.name) else { throw StorageError.badSchema("no table \(table.name)") }
        guard try db.columns(in: table.name).contains(where: { $0.name == table.owner }) else {
            throw StorageError.badSchema("table \(table.name) has no column \(table.owner)")
        }
        let leading = try db.indexes(on: table.name).map(\.columns.first) + [db.primaryKey(table.name).columns.first]
        guard leading.contains(table.owner) else {
            throw StorageError.badSchema("table \(table.name) needs an index that starts with \(table.owner)")
        }
    }
}
