import GRDB
import Testing

@testable import Storage

@Suite("Row-level security of reads")
struct RowSecurityTests {
    /// Queries that would show bob's rows if anything let them. `?` stands for the table.
    static let hostile = [
        "SELECT * FROM ?",
        "SELECT secret FROM ? WHERE owner = 'bob'",
        "SELECT secret FROM ? WHERE owner <> 'alice' OR 1 = 1",
        "SELECT rowid, * FROM ?",
        "SELECT * FROM main.?",
        "SELECT count(*), 'bob' FROM main.?",
        "SELECT 1, 'bob' FROM main.?",
        "SELECT * FROM temp.?",
        "SELECT secret, sum(1) OVER (ORDER BY secret) FROM temp.?",
        "SELECT secret, max(secret) OVER () FROM ?",
        "WITH ? AS (SELECT * FROM main.?) SELECT * FROM ?",
        "WITH x AS (SELECT * FROM main.?) SELECT * FROM x",
        "WITH x AS NOT MATERIALIZED (SELECT secret FROM ?) SELECT * FROM x",
        "WITH RECURSIVE x(s) AS (SELECT secret FROM main.? UNION SELECT s FROM x) SELECT s FROM x",
        "SELECT * FROM (SELECT * FROM main.?) AS ?",
        "SELECT (SELECT max(secret) FROM main.?)",
        "SELECT (SELECT max(secret) FROM ?)",
        "SELECT EXISTS (SELECT 1 FROM main.? WHERE owner = 'bob'), 'bob'",
        "SELECT secret FROM ? UNION SELECT secret FROM ?",
        "SELECT secret FROM ? UNION ALL SELECT secret FROM main.?",
        "SELECT secret FROM ? EXCEPT SELECT 'x'",
        "SELECT a.secret, b.secret FROM ? AS a, ? AS b",
        "SELECT b.secret FROM ? AS a LEFT JOIN ? AS b ON 1 = 1",
        "SELECT b.secret FROM ? AS a RIGHT JOIN ? AS b ON 1 = 1",
        "SELECT b.secret FROM ? AS a FULL JOIN main.? AS b ON 1 = 1",
        "SELECT group_concat(secret) FROM ?",
        "SELECT secret FROM ? ORDER BY (SELECT secret FROM main.?)",
        "SELECT secret FROM ? GROUP BY secret HAVING max(secret) > ''",
        "SELECT secret FROM everything",
        "SELECT secret FROM internals",
        "SELECT count(*), 'bob' FROM internals",
        "SELECT 'bob' FROM internals",
        "SELECT * FROM symbols, internals",
        "CREATE TEMP VIEW v AS SELECT * FROM main.?",
        "CREATE TEMP TABLE v AS SELECT * FROM main.?",
        "DROP VIEW temp.?",
        "DROP VIEW ?",
        "ATTACH 'x' AS x",
        "ATTACH ':memory:' AS x",
        "VACUUM INTO '/tmp/never'",
        "PRAGMA writable_schema = ON",
        "PRAGMA schema_version",
        "PRAGMA table_info(?)",
        "PRAGMA query_only = OFF",
        "SELECT * FROM pragma_table_list",
        "SELECT count(*), 'bob' FROM pragma_table_list",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM sqlite_schema",
        "SELECT * FROM temp.sqlite_master",
        "SELECT * FROM sqlite_temp_master",
        "SELECT * FROM main.sqlite_schema",
        "SELECT * FROM sqlite_stmt",
        "SELECT * FROM dbstat",
        "SELECT * FROM json_each('[\"bob\"]')",
        "INSERT INTO ? SELECT * FROM main.?",
        "UPDATE ? SET secret = 'bob'",
        "DELETE FROM ?",
        "DELETE FROM main.?",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT s",
        "SELECT load_extension('x')",
        "SELECT hex(fts3_tokenizer('simple'))",
        "ANALYZE",
        "REINDEX",
        "SELECT secret FROM ? INDEXED BY orders_owner",
        "EXPLAIN SELECT * FROM main.?",
        "SELECT current_actor(), secret FROM ? WHERE current_actor() = 'alice'",
    ]

    @Test("hostile SQL sees own rows or is refused", arguments: ["orders", "\"api keys\""], hostile)
    func hostileSQL(table: String, query: String) async throws {
        let folder = TestFolder()
        let database = try folder.open()
        try await database.fill()
        let sql = query.replacing("?", with: table)
        do {
            let values = try await database.values(as: "alice", sql)
            #expect(!values.contains { $0.contains("bob") }, "\(sql)")
        } catch is DatabaseError {
        } catch is StorageError {
        }
        // Whatever it was, the connection still shows exactly each user's own.
        #expect(try await database.values(as: "alice", "SELECT id FROM orders ORDER BY id") == ["1", "3", "5"])
        #expect(try await database.values(as: "bob", "SELECT id FROM orders ORDER BY id") == ["2", "4"])
    }

    @Test("the plain queries of a service work")
    func ordinaryQueries() async throws {
        let folder = TestFolder()
        let database = try folder.open()
        try await database.fill()
        #expect(try await database.values(as: "alice", "SELECT secret FROM orders WHERE id = 3") == ["\"alice-3\""])
        #expect(try await database.values(as: "alice", "SELECT secret FROM orders WHERE id = 2") == [])
        #expect(try await database.values(as: "alice", "SELECT count(*) FROM orders") == ["3"])
        #expect(try await database.values(as: "alice", "SELECT sum(amount) FROM orders WHERE amount > 10") == ["80"])
        #expect(try await database.values(as: "bob", "SELECT name FROM symbols") == ["\"BTCUSDT\""])
        #expect(try await database.values(as: "bob", "SELECT count(*) FROM symbols") == ["1"])
        #expect(try await database.values(as: "mallory", "SELECT * FROM orders") == [])
        #expect(
            try await database.values(as: "alice", "SELECT k.secret FROM orders o JOIN \"api keys\" k ON k.owner = o.owner LIMIT 1")
                == ["\"alice-key\""])
    }

    @Test("a condition on another user's row is never evaluated")
    func conditionsDoNotLeak() async throws {
        let folder = TestFolder()
        let database = try folder.open()
        try await database.fill()
        // The overflow would be an error, and so an oracle, on the first row that matches.
        let probe = "abs(CASE WHEN secret LIKE 'bob%' THEN -9223372036854775808 ELSE 1 END)"
        for condition in [probe, "secret > 'b' AND \(probe)", "id = 2 AND \(probe)"] {
            _ = try await database.values(as: "alice", "SELECT id FROM orders WHERE \(condition)")
        }
        // Joins by which SQLite, if it could, would come to bob's rows through the index on secret, before it looks at the owner.
        let guesses = "(SELECT 'bob-2' AS s UNION ALL SELECT 'bob-4') AS g"
        for join in [
            "\(guesses) JOIN orders ON secret = s WHERE \(probe)", "\(guesses) CROSS JOIN orders ON secret = s WHERE \(probe)",
            "\(guesses) LEFT JOIN orders ON secret = s AND \(probe)",
        ] {
            let values = try await database.values(as: "alice", "SELECT id FROM \(join)")
            #expect(values.allSatisfy { $0 == "NULL" })
        }
    }

    @Test("a query under the inner view's name needs the name, and no answer or error tells it")
    func innerNameStaysSecret() async throws {
        let folder = TestFolder()
        let database = try folder.open()
        try await database.fill()
        _ = try await database.values(as: "alice", "SELECT 1")
        let names = database.innerViews
        #expect(!names.isEmpty && Set(names).count == names.count)
        for query in Self.hostile {
            for prefix in ["", "EXPLAIN ", "EXPLAIN QUERY PLAN "] {
                let told = await answer(to: prefix + query.replacing("?", with: "orders"), from: database)
                #expect(!names.contains { told.contains($0) }, "\(prefix)\(query) told \(told)")
            }
        }
    }

    private func answer(to sql: String, from database: ServiceDatabase) async -> String {
        do { return try await database.values(as: "alice", sql).joined(separator: " ") } catch { return "\(error)" }
    }

    @Test("an endless query is stopped")
    func endlessQuery() async throws {
        let folder = TestFolder()
        var limits = ServiceDatabase.Limits()
        limits.readTime = .milliseconds(50)
        let database = try folder.open(limits: limits)
        try await database.write { db in
            let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000)"
            try db.execute(sql: "\(numbers) INSERT INTO symbols SELECT 's' || i FROM n")
        }
        await #expect(throws: StorageError.readTookTooLong) {
            _ = try await database.values(as: "alice", "SELECT count(*) FROM symbols a, symbols b, symbols c, symbols d")
        }
        #expect(try await database.values(as: "alice", "SELECT count(*) FROM symbols") == ["2000"])
    }

    @Test("many users at once each see their own")
    func concurrentUsers() async throws {
        let folder = TestFolder()
        let database = try folder.open()
        try await database.fill()
        try await withThrowingTaskGroup { group in
            for turn in 0..<200 {
                let user = turn.isMultiple(of: 2) ? "alice" : "bob"
                group.addTask {
                    let owners = try await database.values(as: user, "SELECT DISTINCT owner FROM orders")
                    #expect(owners == ["\"\(user)\""])
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("a read needs a user")
    func emptyUser() async throws {
        let folder = TestFolder()
        let database = try folder.open()
        await #expect(throws: StorageError.noUser) { _ = try await database.values(as: "", "SELECT * FROM orders") }
        await #expect(throws: StorageError.noUser) { try await database.write(as: "") { _ in } }
    }
}
