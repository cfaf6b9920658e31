import Foundation
import GRDB
import Logging
import Storage

/// A folder of its own for each test.
final class TestFolder: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("storage-\(UUID().uuidString)").path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func open(_ schema: DatabaseSchema = .orders, limits: ServiceDatabase.Limits = .init()) throws -> ServiceDatabase {
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try ServiceDatabase(folder: path, name: "test", schema: schema, limits: limits, logger: quiet)
    }
}

extension DatabaseSchema {
    /// Two user-scoped tables, one that is shared and one that no user may see.
    static let orders = DatabaseSchema(
        migrations: [
            Migration(
                "orders",
                sql: """
                    CREATE TABLE orders (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, secret TEXT NOT NULL, amount INTEGER NOT NULL);
                    CREATE INDEX orders_owner ON orders (owner);
                    CREATE INDEX orders_secret ON orders (secret);
                    CREATE TABLE "api keys" (owner TEXT NOT NULL, label TEXT NOT NULL, secret TEXT NOT NULL, PRIMARY KEY (owner, label));
                    """),
            Migration(
                "shared",
                sql: """
                    CREATE TABLE symbols (name TEXT PRIMARY KEY);
                    CREATE TABLE internals (id INTEGER PRIMARY KEY, secret TEXT NOT NULL);
                    CREATE VIEW everything AS SELECT * FROM orders;
                    """),
        ],
        userTables: [UserTable("orders", owner: "owner"), UserTable("api keys", owner: "owner")],
        sharedTables: ["symbols"])
}

extension ServiceDatabase {
    /// Three orders of alice's, two of bob's, a key each.
    func fill() async throws {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO orders (id, owner, secret, amount) VALUES
                        (1, 'alice', 'alice-1', 10), (2, 'bob', 'bob-2', 20), (3, 'alice', 'alice-3', 30),
                        (4, 'bob', 'bob-4', 40), (5, 'alice', 'alice-5', 50);
                    INSERT INTO "api keys" VALUES ('alice', 'main', 'alice-key'), ('bob', 'main', 'bob-key');
                    INSERT INTO symbols VALUES ('BTCUSDT');
                    INSERT INTO internals VALUES (1, 'bob-internal');
                    """)
        }
    }

    /// Every value of every row, as text.
    func values(as user: String, _ sql: String) async throws -> [String] {
        try await read(as: user) { db in
            try Row.fetchAll(db, sql: sql).flatMap { row in row.databaseValues.map { "\($0)" } }
        }
    }
}
