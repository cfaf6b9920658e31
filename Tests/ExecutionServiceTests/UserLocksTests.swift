import Foundation
import MeshCall
import Synchronization
import Testing
import Trading

@testable import ExecutionService

@Suite("One at a time for each person")
struct UserLocksTests {
    private final class Gate: Sendable {
        let stream: AsyncStream<Void>
        let continuation: AsyncStream<Void>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }

        func open() { continuation.finish() }
        func wait() async { for await _ in stream {} }
    }

    private final class Counter: Sendable {
        private let state = Mutex((inside: 0, most: 0))

        var most: Int { state.withLock(\.most) }

        func enter() {
            state.withLock { state in
                state.inside += 1
                state.most = max(state.most, state.inside)
            }
        }

        func leave() { state.withLock { $0.inside -= 1 } }
    }

    @Test("Nobody overlaps, and nobody else waits")
    func exclusive() async throws {
        let locks = UserLocks(maxWaiters: 100)
        let counter = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await locks.run("ann") {
                        counter.enter()
                        await Task.yield()
                        counter.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(counter.most == 1)
        let gate = Gate()
        let holder = Task { try await locks.run("ann") { await gate.wait() } }
        try await locks.run("bob") {}
        gate.open()
        try await holder.value
    }

    @Test("Who does not want to wait is turned away while somebody has the lock, and keeps others out while having it")
    func withoutWaiting() async throws {
        let locks = UserLocks(maxWaiters: 2)
        let (own, other) = try await locks.run("ann") { () -> (Int?, Int?) in
            let own = try await locks.runIfFree("ann") { 1 }
            return (own, try await locks.runIfFree("bob") { 1 })
        }
        #expect(own == nil && other == 1)
        let inside = try await locks.runIfFree("ann") { try await locks.runIfFree("ann") { 1 } }
        #expect(inside == .some(nil))
        let after = try await locks.runIfFree("ann") { 1 }
        #expect(after == 1)
    }

    @Test("Whoever is cancelled while waiting leaves, and the lock goes on to the next")
    func cancelled() async throws {
        let locks = UserLocks(maxWaiters: 2)
        let (gate, entered) = (Gate(), Gate())
        let holder = Task {
            try await locks.run("ann") {
                entered.open()
                await gate.wait()
            }
        }
        await entered.wait()
        let waiter = Task { try await locks.run("ann") {} }
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        gate.open()
        try await holder.value
        try await locks.run("ann") {}
    }
}

@Suite("Settings")
struct ExecutionOptionsTests {
    private func policy(_ changes: [String: String] = [:]) throws -> RiskPolicy {
        var fields = [
            "symbols": #"["BTCUSDT","ETHUSDT"]"#, "maxNotional": #""25000""#, "secondFactorAbove": #""1000""#,
            "proposalLifetimeSeconds": "300",
            "version": #""1""#,
        ]
        fields.merge(changes) { _, new in new }
        let members = fields.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        let json = #"{"exchange":{"baseURL":"https://127.0.0.1:1"},"policy":{\#(members)}}"#
        return try JSONDecoder().decode(ExecutionOptions.self, from: Data(json.utf8)).riskPolicy()
    }

    @Test("The policy is read exactly; what makes no sense is refused")
    func read() throws {
        let policy = try policy()
        #expect(policy.maxNotional == Trading.Decimal(25000) && policy.symbols.count == 2 && policy.currency.name == "USDT")
        for bad in [
            ["symbols": "[]"], ["symbols": #"["btc"]"#], ["maxNotional": #""-1""#], ["maxNotional": "25000"], ["maxNotional": #""1e9""#],
            ["proposalLifetimeSeconds": "0"], ["slippageCap": #""1""#], ["version": #""""#], ["currency": #""usdt""#],
        ] {
            #expect(throws: (any Error).self) { try self.policy(bad) }
        }
    }
}
