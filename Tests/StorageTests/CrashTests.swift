import Foundation
import GRDB
import Logging
import Storage
import Synchronization
import Testing

@Suite("A killed process")
struct CrashTests {
    static let schema = DatabaseSchema(
        migrations: [.init("rows", sql: "CREATE TABLE pairs (id INTEGER PRIMARY KEY, half INTEGER NOT NULL)")])
    /// Writes that have returned when the child is killed in the middle of more.
    static let returned = 200

    @Test("leaves every row whose write had returned, and whole transactions only")
    func killed() async throws {
        let folder = TestFolder()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
            try await CrashTests.writeUntilKilled(path)
        }
        let database = try folder.open(Self.schema)
        let halves = try await database.readAll { try Int.fetchAll($0, sql: "SELECT half FROM pairs ORDER BY id") }
        #expect(halves.count >= 2 * Self.returned && halves.count.isMultiple(of: 2))
        #expect(halves == (0..<halves.count / 2).flatMap { _ in [1, 2] })
        #expect(try await database.readAll { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    static func writeUntilKilled(_ path: String) async throws {
        let database = try ServiceDatabase(folder: path, name: "test", schema: schema, logger: Logger(label: "child"))
        let counter = Counter()
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    while true {
                        try await database.write { db in
                            for half in [1, 2] { try db.execute(sql: "INSERT INTO pairs (half) VALUES (?)", arguments: [half]) }
                        }
                        if counter.next() == returned { kill(getpid(), SIGKILL) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
