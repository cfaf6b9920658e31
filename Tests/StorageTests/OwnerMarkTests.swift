import Foundation
import GRDB
import Logging
@testable import Storage
import Testing

@Suite("Whose a file is")
struct OwnerMarkTests {
    private static let development = DatabaseOwner(environment: "development", service: "execution")

    private func open(_ folder: TestFolder, as owner: DatabaseOwner?, _ schema: DatabaseSchema = .orders) throws -> ServiceDatabase {
        try ServiceDatabase(
            folder: folder.path, name: "test", schema: schema, owner: owner, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test("Another environment or service is refused, naming both, and finds the file as it was", arguments: [
        DatabaseOwner(environment: "staging", service: "execution"), DatabaseOwner(environment: "development", service: "auth"),
    ])
    func foreign(opener: DatabaseOwner) async throws {
        let folder = TestFolder()
        try open(folder, as: Self.development).close()
        let path = folder.path + "/test.sqlite"
        let newer = DatabaseSchema(
            migrations: DatabaseSchema.orders.migrations + [.init("harm", sql: "DROP TABLE orders")], userTables: [], sharedTables: [])
        let expected = ForeignDatabase(path: path, owner: Self.development, opener: opener)
        #expect(throws: expected) { try open(folder, as: opener, newer) }
        #expect("\(expected)".contains("of development's execution was opened as \(opener.environment)'s \(opener.service)'s"))
        let again = try open(folder, as: Self.development)
        try await again.fill()
    }

    @Test("A file that holds something and bears no mark is refused, naming it and its opener, and stays as it was; an empty one gets the mark")
    func unmarked() async throws {
        let folder = TestFolder()
        let unmarked = try open(folder, as: nil)
        try await unmarked.fill()
        try unmarked.close()
        let expected = UnmarkedDatabase(path: folder.path + "/test.sqlite", opener: Self.development)
        #expect(throws: expected) { try open(folder, as: Self.development) }
        #expect("\(expected)".contains("opened as development's execution's: \(folder.path)/test.sqlite"))
        let again = try open(folder, as: nil)
        #expect(try await again.readAll { try Int.fetchOne($0, sql: "SELECT count(*) FROM orders") } == 5)
        #expect(try await again.readAll { try !$0.tableExists("database_owner") })
        // As a process leaves it that died before its first write.
        let empty = TestFolder()
        try FileManager.default.createDirectory(atPath: empty.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data().write(to: URL(filePath: empty.path + "/test.sqlite"))
        chmod(empty.path + "/test.sqlite", 0o600)
        try open(empty, as: Self.development).close()
        #expect(throws: ForeignDatabase.self) { try open(empty, as: DatabaseOwner(environment: "production", service: "execution")) }
    }

    @Test("No user's read finds the mark")
    func hidden() async throws {
        let folder = TestFolder()
        let database = try open(folder, as: Self.development)
        await #expect(throws: StorageError.self) { try await database.read(as: "alice") { try String.fetchAll($0, sql: "SELECT service FROM database_owner") } }
    }
}
