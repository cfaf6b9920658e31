import AuditClient
import Crypto
import Foundation
import GRDB
import MeshCall
import MeshMessages
import ServiceAPI
import Storage
import Testing

@Suite("Outbox")
struct AuditOutboxTests {
    @Test("an event exists exactly if the change it tells of does")
    func sameTransaction() async throws {
        struct Stop: Error {}
        let source = try TestSource()
        let client = source.client()
        try await source.append(client)
        await #expect(throws: Stop.self) {
            try await source.database.write { db in
                try db.execute(sql: "INSERT INTO things VALUES (1)")
                try client.outbox.append(AuditEvent(actor: .agent, action: "order.intent"), in: db)
                throw Stop()
            }
        }
        #expect(try await source.append(client) == 2)
        #expect(try await source.records().count == 2)
    }

    @Test("what looks like a secret is in no field of a record, and a detail under a secret's name has no value")
    func noSecrets() throws {
        let key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
        let event = AuditEvent(
            actor: .user("u-1"), action: "exchange_key.refused", object: "key \(key)", outcome: .refused, reason: "GET /order?signature=5c1fab failed",
            details: ["url": "https://x.org/?token=ab12", "password": "hunter", "mail": "ann@example.org", "symbol": "BTCUSDT"])
        let record = try AuditV1.Record(packed: RecordWriter(source: "execution", epoch: 1).pack(event, at: .start))
        let text = "\(record)"
        for secret in [key, "5c1fab", "ab12", "hunter", "ann@example.org"] { #expect(!text.contains(secret), "\(secret)") }
        #expect(record.reason == "GET /order?signature=[redacted] failed" && record.details.contains { $0.value == "BTCUSDT" })
    }

    @Test("sequences have no gaps and each record names the hash of the one before")
    func chain() async throws {
        let source = try TestSource()
        let client = source.client()
        try await withThrowingTaskGroup { group in
            for number in 0..<50 { group.addTask { _ = try await source.append(client, "p-\(number)") } }
            try await group.waitForAll()
        }
        var previous = [UInt8](repeating: 0, count: 32)
        var epochs: Set<UInt64> = []
        for (offset, packed) in try await source.records().enumerated() {
            let record = try AuditV1.Record(packed: packed)
            #expect(record.sequence == UInt64(offset + 1) && record.source == "execution" && record.version == 1)
            #expect(record.previousHash == previous)
            previous = Array(SHA256.hash(data: packed))
            epochs.insert(record.epoch)
        }
        #expect(epochs.count == 1)
    }

    @Test("a new database file starts a new epoch")
    func epochs() async throws {
        let (one, two) = (try TestSource(), try TestSource())
        try await one.append(one.client())
        try await two.append(two.client())
        let first = try AuditV1.Record(packed: #require(try await one.records().first))
        let second = try AuditV1.Record(packed: #require(try await two.records().first))
        #expect(first.epoch != second.epoch && first.sequence == second.sequence)
    }

    @Test("a record carries the event, whatever its texts are")
    func fields() async throws {
        let source = try TestSource()
        let client = source.client()
        let long = String(repeating: "ü", count: 5_000)
        let event = AuditEvent(
            actor: .service("execution"), onBehalfOf: "alice", action: "order.sent", object: "p-1", outcome: .failed, reason: long,
            requestID: "r\0-1", details: ["symbol": "BTCUSDT", "a": "1"])
        try await source.database.write { db in _ = try client.outbox.append(event, in: db) }
        let record = try AuditV1.Record(packed: #require(try await source.records().first))
        #expect(record.actor == AuditV1.Actor(type: .service, id: "execution"))
        #expect(record.onBehalfOf == "alice" && record.action == "order.sent" && record.outcome == "failed" && record.requestId == "r-1")
        #expect(record.reason.utf8.count <= 512 && record.reason.hasSuffix("…"))
        #expect(record.details.map(\.name) == ["a", "symbol"])
        #expect(record.eventId.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        #expect(abs(Double(record.timeUnixNs) / 1e9 - Date().timeIntervalSince1970) < 60)
    }

    @Test("over its limit the outbox refuses, except what must be told")
    func backlog() async throws {
        let source = try TestSource()
        var limits = AuditOutbox.Limits()
        (limits.backlog, limits.hardBacklog) = (3, 5)
        let client = source.client(limits: limits)
        for _ in 0..<3 { try await source.append(client) }
        let error = await #expect(throws: RPCError.self) { try await source.append(client) }
        #expect(error?.code == .unavailable && error?.reason == "AUDIT_UNAVAILABLE")
        try await source.append(client, essential: true)
        try await source.append(client, essential: true)
        await #expect(throws: RPCError.self) { try await source.append(client, essential: true) }
        #expect(try await source.records().count == 5)
    }
}
