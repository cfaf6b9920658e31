import Cryptography
import Foundation
import MeshCall
import MeshMessages
import ServiceAPI
import Storage
import Testing

@testable import AuditService

@Suite("A person's own records, with proofs")
struct ProofTests {
    /// Alice and bob in turn, over more than one tile.
    func filled(_ count: Int = 600) async throws -> TestLog {
        let test = try await TestLog()
        var chain = TestChain(source: "execution")
        for start in stride(from: 0, to: count, by: 200) {
            let records = try (start..<min(start + 200, count)).map { number in
                try chain.next(number.isMultiple(of: 2) ? "alice" : "bob", object: "p-\(number % 10)")
            }
            _ = try await test.append(records)
        }
        return test
    }

    @Test("another verifier agrees with every proof")
    func independentVerifier() async throws {
        let test = try await filled()
        let answer = try await test.list("alice", limit: 200)
        let checkpoint = try Checkpoint(note: #require(answer.checkpoint).note, verifiedBy: TestLog.signer().verifier)
        #expect(answer.checkpoint?.verifierKey == (try TestLog.signer().verifier.verifierKey))
        #expect(checkpoint.size == 601 && answer.records.count == 200)
        for record in answer.records {
            let root = IndependentVerifier.root(
                of: record.record, index: record.index, size: checkpoint.size, proof: record.proof[...])
            #expect(root == checkpoint.root.bytes)
            var changed = record.record
            changed[changed.count / 2] ^= 1
            #expect(
                IndependentVerifier.root(of: changed, index: record.index, size: checkpoint.size, proof: record.proof[...]) != root)
        }
    }

    @Test("pages go from the newest to the oldest and hold nobody else's records")
    func pages() async throws {
        let test = try await filled()
        var seen: [UInt64] = []
        var before: UInt64 = 0
        while true {
            let page = try await test.list("bob", limit: 70, before: before)
            guard let last = page.records.last else { break }
            for record in page.records { #expect(try AuditV1.Record(packed: record.record).actor?.id == "bob") }
            seen += page.records.map(\.index)
            before = last.index
        }
        #expect(seen == seen.sorted(by: >) && seen.count == 300)
    }

    @Test("a record about an object, or made for a user by another, is found")
    func filters() async throws {
        let test = try await filled()
        let about = try await test.list("alice", object: "p-4")
        #expect(about.records.count == 50)
        for record in about.records { #expect(try AuditV1.Record(packed: record.record).object == "p-4") }
        #expect(try await test.list("alice", object: "p-5").records.isEmpty)
        #expect(try await test.list("mallory").records.isEmpty)
        #expect(try await test.list("alice' OR '1'='1").records.isEmpty)
    }

    @Test("a list needs a user's token, and at most 200 records are listed")
    func refusals() async throws {
        let test = try await TestLog()
        await #expect(throws: RPCError.self) {
            _ = try await test.client(as: "gateway").listRecords(AuditV1.ListRecordsRequest())
        }
        await #expect(throws: RPCError.self) { _ = try await test.list("alice", limit: 201) }
        await #expect(throws: RPCError.self) {
            _ = try await test.client(as: "agent").listRecords(AuditV1.ListRecordsRequest(), options: .bearer("alice"))
        }
    }

    @Test("each checkpoint continues the one before")
    func consistency() async throws {
        let test = try await TestLog()
        var chain = TestChain(source: "auth")
        var last = try await test.checkpoint()
        for batch in [1, 2, 60, 200, 255] {
            _ = try await test.append(try chain.next(batch), as: "auth")
            let next = try await test.checkpoint()
            #expect(next.size == last.size + UInt64(batch))
            let proof = try await test.database.readAll { [last] db in
                try TileHashes(TileTable(db: db)).consistencyProof(from: last.size, to: next.size)
            }
            try MerkleTree.verifyConsistency(from: last.size, oldRoot: last.root, to: next.size, root: next.root, proof: proof)
            last = next
        }
        #expect(try await test.checkpoint() == last)
    }
}
