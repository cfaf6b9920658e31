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

    @Test("A file from before there were marks gets one, and keeps it")
    func unmarked() async throws {
        let folder = TestFolder()
        let old = try open(folder, as: nil)
        try await old.fill()
        try old.close()
        let marked = try open(folder, as: Self.development)
        #expect(try await marked.readAll { try Int.fetchOne($0, sql: "SELECT count(*) FROM orders") } == 5)
        try marked.close()
        #expect(throws: ForeignDatabase.self) { try open(folder, as: DatabaseOwner(environment: "production", service: "execution")) }
    }

    @Test("No user's read finds the mark")
    func hidden() async throws {
        let folder = TestFolder()
        let database = try open(folder, as: Self.development)
        await #expect(throws: StorageError.self) { try await database.read(as: "alice") { try String.fetchAll($0, sql: "SELECT service FROM database_owner") } }
    }
}
