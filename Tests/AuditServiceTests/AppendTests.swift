import Cryptography
import MeshCall
import MeshMessages
import ServiceAPI
import Testing

@testable import AuditService

@Suite("Appending")
struct AppendTests {
    /// Runs a call that must fail.
    func failure(_ call: () async throws -> Void) async -> RPCError? {
        do {
            try await call()
            return nil
        } catch { return error as? RPCError }
    }

    @Test("a record sent again keeps its index, also when new ones follow it")
    func duplicates() async throws {
        let test = try await TestLog()
        var chain = TestChain(source: "execution")
        let first = try chain.next(3)
        let answer = try await test.append(first)
        #expect(answer.acknowledgements.map(\.index) == [1, 2, 3])
        #expect(try await test.append(first) == answer)
        let more = Array(first[1...]) + (try chain.next(2))
        let second = try await test.append(more)
        #expect(second.acknowledgements.map(\.index) == [2, 3, 4, 5])
        #expect(try await test.records().count == 6)
        try await test.fullCheck()
    }

    @Test("a service cannot append to another's chain")
    func wrongSource() async throws {
        let test = try await TestLog()
        var chain = TestChain(source: "execution")
        let record = try chain.next()
        let error = await failure { _ = try await test.append([record], as: "agent") }
        #expect(error?.code == .permissionDenied && error?.reason == "WRONG_SOURCE")
        let stranger = await failure { _ = try await test.client(as: "sandbox-exchange").append(AuditV1.AppendRequest(records: [record])) }
        #expect(stranger?.code == .permissionDenied)
        #expect(try await test.records().map(\.action) == ["audit.started"])
    }

    @Test("a gap, a broken link and a second truth are refused, and each is recorded once")
    func faults() async throws {
        let test = try await TestLog()
        var chain = TestChain(source: "execution")
        let records = try chain.next(4)
        _ = try await test.append([records[0]])
        var other = TestChain(source: "execution")
        let others = try [other.next("mallory"), other.next("mallory")]
        let attempts: [([[UInt8]], String)] = [
            ([records[2]], "SEQUENCE_GAP"), ([others[1]], "CHAIN_BROKEN"), ([others[0]], "SEQUENCE_CONFLICT"),
        ]
        for (sent, reason) in attempts + attempts {
            let error = await failure { _ = try await test.append(sent) }
            #expect(error?.code == .failedPrecondition && error?.reason == reason)
        }
        let own = try await test.records().filter { $0.source == "audit" }
        #expect(own.map(\.action) == ["audit.started", "audit.chain_broken", "audit.chain_broken", "audit.chain_broken"])
        #expect(own.dropFirst().map(\.reason) == attempts.map(\.1))
        // The chain goes on where it was.
        let answer = try await test.append(Array(records[1...]))
        #expect(answer.acknowledgements.count == 3)
        try await test.fullCheck()
    }

    @Test("a chain begins with record 1 and no predecessor")
    func firstRecord() async throws {
        let test = try await TestLog()
        var chain = TestChain(source: "agent", epoch: 9)
        _ = try chain.next()
        let second = try chain.next()
        let error = await failure { _ = try await test.append([second], as: "agent") }
        #expect(error?.reason == "SEQUENCE_GAP")
        try await test.fullCheck()
    }

    @Test("malformed requests are refused whole")
    func malformed() async throws {
        let test = try await TestLog()
        var chain = TestChain(source: "execution")
        let records = try chain.next(300)
        let empty = try AuditV1.Record().packed()
        let big = try AuditV1.Record(version: 1, object: String(repeating: "x", count: 70_000)).packed()
        for sent in [[], [[0xff, 0xff]], [empty], [big], records, [records[1], records[0]], [records[0], records[0]]] {
            let error = await failure { _ = try await test.append(sent) }
            #expect(error?.code == .invalidArgument)
        }
        #expect(try await test.records().count == 1)
    }

    @Test("many sources at once: every record once, chains whole, one tree")
    func concurrentSources() async throws {
        let test = try await TestLog()
        let sources = ["auth", "agent", "market-data", "execution", "gateway"]
        let indexes = try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for source in sources {
                for epoch in 1...8 {
                    group.addTask {
                        var chain = TestChain(source: source, epoch: UInt64(epoch))
                        var indexes: [UInt64] = []
                        for batch in 1...6 {
                            let answer = try await test.append(try chain.next(batch), as: source)
                            indexes += answer.acknowledgements.map(\.index)
                        }
                        return indexes
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(indexes.sorted() == Array(1...UInt64(sources.count * 8 * 21)))
        try await test.fullCheck()
        #expect(try await test.checkpoint().size == UInt64(indexes.count) + 1)
    }

    @Test("what would overfill the queue is refused, and the rest is written in groups")
    func backpressure() async throws {
        let gate = AsyncStream<Void>.makeStream()
        let (groups, report) = AsyncStream<Int>.makeStream()
        let queue = AppendQueue { runs in
            report.yield(runs.count)
            await gate.stream.first { _ in true }
            return runs.map { _ in .success([]) }
        }
        var chain = TestChain(source: "execution")
        let run = try RecordRun(try chain.next(64))
        var started = groups.makeAsyncIterator()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await queue.append(run) }
            _ = await started.next()
            // The first is being written: exactly as many more fit as the queue holds.
            let (refusals, refused) = AsyncStream<RPCError?>.makeStream()
            for _ in 0..<(AppendQueue.maxWaiting / 64 + 1) {
                group.addTask {
                    do { _ = try await queue.append(run) } catch { refused.yield(error as? RPCError) }
                }
            }
            let refusal = await refusals.first { _ in true }
            #expect(refusal??.code == .resourceExhausted)
            gate.continuation.finish()
            try await group.waitForAll()
        }
        #expect(await started.next() == AppendQueue.maxBatch / 64)
    }
}
