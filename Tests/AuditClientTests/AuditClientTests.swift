import AuditClient
import Cryptography
import GRDB
import MeshCall
import Storage
import Synchronization
import Testing

@Suite("Sending to the log")
struct AuditClientTests {
    @Test("every record arrives once, in order, and its receipt is kept")
    func everythingArrives() async throws {
        let (source, log) = (try TestSource(), ScriptedLog())
        let client = source.client(to: log)
        let receipt = try await whileRunning(client) {
            var last: UInt64 = 0
            for number in 0..<300 { last = try await source.append(client, "p-\(number)") }
            return try await client.acknowledged(last, timeout: .seconds(60))
        }
        let sent = try await source.records()
        #expect(log.state.withLock { $0.records } == sent)
        #expect(receipt == AuditReceipt(index: 299, leafHash: MerkleTree.leafHash(sent[299]).bytes))
    }

    @Test("a receipt is known without the log, also after a restart")
    func keptReceipt() async throws {
        let source = try TestSource()
        let client = source.client()
        let sequence = try await source.append(client)
        let receipt = try await whileRunning(client) {
            // The second is acknowledged after the first's receipt has been written.
            let receipt = try await client.acknowledged(sequence, timeout: .seconds(60))
            _ = try await client.acknowledged(try await source.append(client), timeout: .seconds(60))
            return receipt
        }
        #expect(try await source.client().acknowledged(sequence, timeout: .zero) == receipt)
    }

    @Test("failures and lost acknowledgements delay but neither lose nor double")
    func failures() async throws {
        let (source, log) = (try TestSource(), ScriptedLog(.init(failing: 3, losing: 2)))
        let client = source.client(to: log)
        let sequence = try await source.append(client)
        let receipt = try await whileRunning(client) { try await client.acknowledged(sequence, timeout: .seconds(60)) }
        #expect(receipt.index == 0)
        let (records, calls) = log.state.withLock { ($0.records, $0.calls) }
        let sent = try await source.records()
        #expect(records == sent && calls == 6)
    }

    @Test("without the log a wait ends in time with UNAVAILABLE, and the record stays")
    func logAway() async throws {
        let (source, log) = (try TestSource(), ScriptedLog(.init(failing: .max)))
        let client = source.client(to: log)
        let sequence = try await source.append(client)
        let error = await #expect(throws: RPCError.self) {
            try await whileRunning(client) { try await client.acknowledged(sequence, timeout: .milliseconds(200)) }
        }
        #expect(error?.code == .unavailable && error?.reason == "AUDIT_UNAVAILABLE")
        #expect(try await source.records().count == 1)
        log.state.withLock { $0.failing = 0 }
        let later = source.client(to: log)
        let receipt = try await whileRunning(later) { try await later.acknowledged(sequence, timeout: .seconds(60)) }
        #expect(receipt.index == 0)
    }

    @Test("an acknowledgement of something else is none")
    func lyingLog() async throws {
        let (source, log) = (try TestSource(), ScriptedLog(.init(lying: true)))
        let client = source.client(to: log)
        let sequence = try await source.append(client)
        await #expect(throws: RPCError.self) {
            try await whileRunning(client) { try await client.acknowledged(sequence, timeout: .milliseconds(200)) }
        }
        let acknowledged = try await source.database.readAll { try Int.fetchOne($0, sql: "SELECT acknowledged FROM audit_outbox_state") }
        #expect(acknowledged == 0)
    }

    @Test("only as many acknowledged records are kept as the limit says")
    func pruning() async throws {
        let (source, log) = (try TestSource(), ScriptedLog())
        var limits = AuditOutbox.Limits()
        limits.kept = 10
        let client = source.client(to: log, limits: limits)
        try await whileRunning(client) {
            for _ in 0..<40 {
                let sequence = try await source.append(client)
                _ = try await client.acknowledged(sequence, timeout: .seconds(60))
            }
        }
        // The last acknowledgement may be waiting to be written.
        let kept = try await source.records().count
        #expect((10...11).contains(kept))
        #expect(log.state.withLock { $0.records.count } == 40)
    }

    @Test("many wait for different records at once")
    func manyWaiters() async throws {
        let (source, log) = (try TestSource(), ScriptedLog(.init(failing: 1)))
        let client = source.client(to: log)
        try await whileRunning(client) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        let sequence = try await source.append(client)
                        #expect(try await client.acknowledged(sequence, timeout: .seconds(60)).index == sequence - 1)
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
