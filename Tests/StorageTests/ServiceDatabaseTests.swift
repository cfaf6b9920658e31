import Foundation
import GRDB
import Storage
import Synchronization
import Testing

@Suite("One file a service")
struct ServiceDatabaseTests {
    @Test("a second opener is refused until the first is gone")
    func secondOpener() throws {
        let folder = TestFolder()
        var first: ServiceDatabase? = try folder.open()
        #expect(throws: StorageError.folderInUse(path: folder.path)) { _ = try folder.open() }
        _ = first?.path
        first = nil
        _ = try folder.open()
    }

    @Test("a closed one lets the next open the folder, whoever still refers to it")
    func closed() async throws {
        let folder = TestFolder()
        let first = try folder.open()
        try await first.fill()
        _ = try await first.read(as: "ann") { db in try Int.fetchOne(db, sql: "SELECT 1") }
        try first.close()
        _ = try folder.open()
        await #expect(throws: (any Error).self) { try await first.readAll { db in try Int.fetchOne(db, sql: "SELECT 1") } }
    }

    @Test("only its owner can read the files")
    func modes() async throws {
        let folder = TestFolder()
        let database = try folder.open()
        try await database.fill()
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + file)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
        let own = try FileManager.default.attributesOfItem(atPath: folder.path)
        #expect(own[.posixPermissions] as? Int == 0o700)
    }

    @Test("migrations run once, in order, and new ones follow")
    func migrationsInOrder() async throws {
        let folder = TestFolder()
        let ran = Mutex<[String]>([])
        func schema(_ names: [String]) -> DatabaseSchema {
            DatabaseSchema(migrations: names.map { name in .init(name) { _ in ran.withLock { $0.append(name) } } })
        }
        _ = try folder.open(schema(["one", "two"]))
        _ = try folder.open(schema(["one", "two", "three"]))
        _ = try folder.open(schema(["one", "two", "three"]))
        #expect(ran.withLock { $0 } == ["one", "two", "three"])
        #expect(throws: StorageError.newerSchema(unknown: ["three"])) { _ = try folder.open(schema(["one", "two"])) }
        #expect(throws: StorageError.migrationsOutOfOrder(applied: ["one", "three", "two"])) {
            _ = try folder.open(schema(["one", "between", "two", "three"]))
        }
    }

    @Test("a migration that fails leaves nothing and can be repaired")
    func failedMigration() async throws {
        let folder = TestFolder()
        let broken = DatabaseSchema(migrations: [.init("one", sql: "CREATE TABLE a (x); CREATE TABLE a (x)")])
        #expect(throws: (any Error).self) { _ = try folder.open(broken) }
        let database = try folder.open(DatabaseSchema(migrations: [.init("one", sql: "CREATE TABLE a (x)")]))
        #expect(try await database.readAll { try $0.tableExists("a") })
    }

    @Test("a schema that names a missing table, column or index is refused")
    func badSchema() throws {
        func open(_ table: DatabaseSchema.UserTable) throws {
            let sql = "CREATE TABLE a (id INTEGER PRIMARY KEY, owner TEXT)"
            _ = try TestFolder().open(DatabaseSchema(migrations: [.init("one", sql: sql)], userTables: [table]))
        }
        for table in [DatabaseSchema.UserTable("b", owner: "owner"), .init("a", owner: "who"), .init("a", owner: "owner")] {
            #expect(throws: StorageError.self) { try open(table) }
        }
    }

    @Test("commits are durable, the schema is not trusted, foreign keys hold")
    func pragmas() async throws {
        let folder = TestFolder()
        let database = try folder.open()
        let settings = try await database.write { db in
            try ["synchronous", "journal_mode", "foreign_keys", "trusted_schema", "recursive_triggers", "temp_store"].map {
                try String.fetchOne(db, sql: "PRAGMA \($0)")
            }
        }
        #expect(settings == ["2", "wal", "1", "0", "1", "2"])
    }

    @Test("what is thrown undoes the whole transaction")
    func rollback() async throws {
        struct Stop: Error {}
        let folder = TestFolder()
        let database = try folder.open()
        await #expect(throws: Stop.self) {
            try await database.write { db in
                try db.execute(sql: "INSERT INTO symbols VALUES ('ETHUSDT')")
                throw Stop()
            }
        }
        #expect(try await database.readAll { try Int.fetchOne($0, sql: "SELECT count(*) FROM symbols") } == 0)
    }

    @Test("a full disk is a typed error, and the database goes on")
    func diskFull() async throws {
        let folder = TestFolder()
        let database = try folder.open()
        try await database.write { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 8)")
        }
        await #expect(throws: StorageError.diskFull) {
            try await database.write { db in try db.execute(sql: "INSERT INTO internals VALUES (7, zeroblob(1000000))") }
        }
        #expect(database.failure == nil)
        try await database.write { db in try db.execute(sql: "INSERT INTO symbols VALUES ('small')") }
    }

    @Test("a file that is no database is refused")
    func notADatabase() throws {
        let folder = TestFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: folder.path + "/test.sqlite"))
        #expect(throws: StorageError.self) { _ = try folder.open() }
    }
}
