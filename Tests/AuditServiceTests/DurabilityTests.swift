import AuditClient
import Cryptography
import Foundation
import GRDB
import MeshCall
import ServiceAPI
import Storage
import Synchronization
import Testing

@testable import AuditService

@Suite("After a crash")
struct DurabilityTests {
    @Test("what was acknowledged is there, and the tree goes on")
    func restart() async throws {
        let test = try await TestLog()
        var chain = TestChain(source: "execution")
        let records = try chain.next(200)
        let before = try await test.append(records)
        let signed = try await test.checkpoint()
        let reopened = try await TestLog(try test.folder.crashed())
        // The acknowledgement was lost: the source sends again and is told the same.
        #expect(try await reopened.append(records) == before)
        _ = try await reopened.append(try chain.next(100))
        let now = try await reopened.checkpoint()
        #expect(now.size == signed.size + 101)
        let proof = try await reopened.database.readAll { db in
            try TileHashes(TileTable(db: db)).consistencyProof(from: signed.size, to: now.size)
        }
        try MerkleTree.verifyConsistency(from: signed.size, oldRoot: signed.root, to: now.size, root: now.root, proof: proof)
        try await reopened.fullCheck()
    }

    @Test("copies taken while appends are running hold every record acknowledged before")
    func crashAnywhere() async throws {
        let test = try await TestLog()
        var chain = TestChain(source: "execution")
        for batch in 1...12 {
            let answer = try await test.append(try chain.next(batch * 3))
            let last = try #require(answer.acknowledgements.last)
            let reopened = try await TestLog(try test.folder.crashed())
            #expect(try await reopened.records().count == Int(last.index) + 2)
            try await reopened.fullCheck()
        }
    }

    @Test("a log killed while it writes keeps all that it had acknowledged")
    func killed() async throws {
        let folder = try TestFolder()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
            try await DurabilityTests.appendUntilKilled(path)
        }
        let reopened = try await TestLog(folder)
        try await reopened.fullCheck()
        let acknowledged = try String(contentsOfFile: folder.path + "/acknowledged", encoding: .utf8).split(separator: "\n")
        #expect(acknowledged.count >= Self.acknowledgedBeforeKill)
        let leaves = try await reopened.database.readAll { db in
            try Data.fetchAll(db, sql: "SELECT record FROM entries ORDER BY idx").map { MerkleTree.leafHash($0).description }
        }
        for line in acknowledged {
            let parts = line.split(separator: " ")
            #expect(leaves[try #require(Int(parts[0]))] == parts[1])
        }
    }

    private static let acknowledgedBeforeKill = 120

    private final class Countdown: Sendable {
        private let left: Mutex<Int>

        init(_ count: Int) {
            left = Mutex(count)
        }

        func next() -> Int {
            left.withLock { left in
                left -= 1
                return left
            }
        }
    }

    /// Several chains at once; each acknowledgement is written down when it comes.
    private static func appendUntilKilled(_ path: String) async throws {
        let test = try await TestLog(TestFolder(existing: path))
        let file = open(path + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let left = Countdown(acknowledgedBeforeKill)
        try await withThrowingTaskGroup { group in
            for epoch in 1...4 {
                group.addTask {
                    var chain = TestChain(source: "execution", epoch: UInt64(epoch))
                    while true {
                        for acknowledgement in try await test.append(try chain.next(3)).acknowledgements {
                            let hash = MerkleHash(acknowledgement.leafHash)?.description ?? ""
                            let line = "\(acknowledgement.index) \(hash)\n"
                            guard write(file, line, line.utf8.count) == line.utf8.count else { throw POSIXError(.EIO) }
                            if left.next() == 0 { kill(getpid(), SIGKILL) }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("a source's outbox arrives whole although the log goes away and comes back")
    func outboxAcrossRestarts() async throws {
        let schema = DatabaseSchema(migrations: [AuditOutbox.migration])
        let source = try TestFolder()
        let sourceDatabase = try ServiceDatabase(folder: source.path, name: "execution", schema: schema, logger: quiet)
        let first = try await TestLog()
        let sequence = try await append(60, to: sourceDatabase, through: first) { client, last in
            _ = try await client.acknowledged(last, timeout: .seconds(20))
        }
        #expect(sequence == 60)
        // The source crashes before it learns of the second half, and starts again from its older file.
        let older = try source.crashed()
        _ = try await append(40, to: sourceDatabase, through: first) { client, last in
            let receipt = try await client.acknowledged(last, timeout: .seconds(20))
            #expect(receipt.index == 100)
        }
        try await first.fullCheck()
        #expect(try await first.records().filter { $0.source == "execution" }.map(\.sequence) == Array(1...100))
        // Its new record 61 is another than the one the log has: the log says so instead of believing either.
        let restored = try ServiceDatabase(folder: older.path, name: "execution", schema: schema, logger: quiet)
        await #expect(throws: RPCError.self) {
            _ = try await append(1, to: restored, through: first) { client, last in
                _ = try await client.acknowledged(last, timeout: .milliseconds(300))
            }
        }
        #expect(try await first.records().last?.action == "audit.chain_broken")
    }

    /// Appends events while the client runs, then lets `then` wait.
    private func append(
        _ count: Int, to database: ServiceDatabase, through log: TestLog,
        then: @escaping @Sendable (AuditClient, UInt64) async throws -> Void
    ) async throws -> UInt64 {
        let client = AuditClient(database: database, source: "execution", channel: log.channel(as: "execution"), logger: quiet)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            var last: UInt64 = 0
            for number in 0..<count {
                last = try await database.write { db in
                    try client.outbox.append(AuditEvent(actor: .user("alice"), action: "order.intent", object: "p-\(number)"), in: db)
                }
            }
            defer { group.cancelAll() }
            try await then(client, last)
            return last
        }
    }
}
