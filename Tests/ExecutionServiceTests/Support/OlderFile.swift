import GRDB

/// A database file whose schema is an older one, without rows yet.
struct OlderFile {
    let path: String

    /// Copies the rows of a newer file, as far as this one has columns for them.
    func take(from newer: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        try DatabaseQueue(path: path, configuration: configuration).inDatabase { db in
            try db.execute(sql: "ATTACH ? AS newer", arguments: [newer])
            for table in try String.fetchAll(db, sql: "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            where table != "grdb_migrations" {
                let columns = try db.columns(in: table).map { "\"\($0.name)\"" }.joined(separator: ", ")
                try db.execute(sql: "DELETE FROM main.\"\(table)\"; INSERT INTO main.\"\(table)\" (\(columns)) SELECT \(columns) FROM newer.\"\(table)\"")
            }
            try db.execute(sql: "DETACH newer")
        }
    }
}
