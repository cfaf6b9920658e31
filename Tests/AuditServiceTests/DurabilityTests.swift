import AuditClient
import Cryptography
import GRDB
import MeshCall
import ServiceAPI
import Storage
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
