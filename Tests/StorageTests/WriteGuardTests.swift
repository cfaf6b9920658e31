import GRDB
import Storage
import Testing

@Suite("Row-level security of writes")
struct WriteGuardTests {
    @Test(
        "a user's statement cannot touch another's row",
        arguments: [
            "INSERT INTO orders VALUES (9, 'bob', 'forged', 1)",
            "UPDATE orders SET amount = 0",
            "UPDATE orders SET amount = 0 WHERE id = 2",
            "UPDATE orders SET owner = 'bob' WHERE id = 1",
            "UPDATE orders SET owner = 'alice'",
            "DELETE FROM orders",
            "DELETE FROM main.orders WHERE id = 2",
            "INSERT OR REPLACE INTO orders VALUES (2, 'alice', 'taken', 1)",
            "INSERT OR IGNORE INTO orders VALUES (9, 'bob', 'forged', 1)",
            "INSERT INTO orders VALUES (2, 'alice', 'taken', 1) ON CONFLICT (id) DO UPDATE SET owner = excluded.owner",
        ])
    func foreignRow(sql: String) async throws {
        let folder = TestFolder()
        let database = try folder.open()
        try await database.fill()
        await #expect(throws: StorageError.notOwner(table: "orders")) {
            try await database.write(as: "alice") { db in try db.execute(sql: sql) }
        }
        let rows = try await database.readAll { db in try Int.fetchOne(db, sql: "SELECT sum(amount * id) FROM orders") }
        #expect(rows == 10 + 40 + 90 + 160 + 250)
    }

    @Test("own rows, and the service itself, are not hindered")
    func ownRow() async throws {
        let folder = TestFolder()
        let database = try folder.open()
        try await database.fill()
        try await database.write(as: "alice") { db in
            try db.execute(sql: "UPDATE orders SET amount = 11 WHERE id = 1; DELETE FROM orders WHERE id = 3")
            try db.execute(sql: "INSERT INTO orders VALUES (9, 'alice', 'new', 1)")
        }
        try await database.write { db in try db.execute(sql: "UPDATE orders SET amount = 0 WHERE id = 2") }
        #expect(try await database.values(as: "alice", "SELECT amount FROM orders ORDER BY id") == ["11", "50", "1"])
    }
}
