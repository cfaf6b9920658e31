internal import GRDB

/// The one row by which a file says whose it is. In neither list of a schema's tables, so that no user's read finds it.
struct OwnerMark {
    let path: String
    let opener: DatabaseOwner

    /// Compares the file's mark before anything of the file is used or changed. A file without one gets it as long as nothing else is in it: whose
    /// rows these are nobody could say.
    ///
    /// - Throws: `ForeignDatabase`, `UnmarkedDatabase`.
    func claim(_ pool: DatabasePool) throws {
        if let owner = try pool.read(Self.owner) { return try check(owner) }
        // Asked again inside the transaction. The folder's lock keeps others out already.
        try pool.write { db in
            if let owner = try Self.owner(in: db) { return try check(owner) }
            guard try Self.isEmpty(db) else { throw UnmarkedDatabase(path: path, opener: opener) }
            try db.execute(
                sql: """
                    CREATE TABLE database_owner (
                        id INTEGER PRIMARY KEY CHECK (id = 1), environment TEXT NOT NULL, service TEXT NOT NULL) STRICT;
                    """)
            try db.execute(
                sql: "INSERT INTO database_owner (id, environment, service) VALUES (1, ?, ?)", arguments: [opener.environment, opener.service])
        }
    }

    private func check(_ owner: DatabaseOwner) throws {
        guard owner == opener else { throw ForeignDatabase(path: path, owner: owner, opener: opener) }
    }

    private static func isEmpty(_ db: Database) throws -> Bool {
        try Row.fetchOne(db, sql: "SELECT 1 FROM sqlite_master LIMIT 1") == nil
    }

    private static func owner(in db: Database) throws -> DatabaseOwner? {
        guard try db.tableExists("database_owner") else { return nil }
        return try Row.fetchOne(db, sql: "SELECT environment, service FROM database_owner").map {
            DatabaseOwner(environment: $0["environment"], service: $0["service"])
        }
    }
}
