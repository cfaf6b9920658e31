@testable import Cryptography
import Dispatch
import Synchronization
import Testing

@Suite("Bounded workers")
struct BoundedWorkersTests {
    /// Occupies a worker until it is opened.
    private final class Gate: Sendable {
        private let entered = DispatchSemaphore(value: 0)
        private let opened = DispatchSemaphore(value: 0)

        func pass() {
            entered.signal()
            opened.wait()
        }

        func waitUntilEntered() async {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async { [self] in
                    entered.wait()
                    continuation.resume()
                }
            }
        }

        func open() { opened.signal() }
    }

    private final class Flag: Sendable {
        private let state = Mutex(false)
        var isRaised: Bool { state.withLock { $0 } }
        func raise() { state.withLock { $0 = true } }
    }

    private final class Load: Sendable {
        private let state = Mutex((now: 0, most: 0, total: 0))
        var total: Int { state.withLock { $0.total } }
        var most: Int { state.withLock { $0.most } }

        func enter() {
            state.withLock {
                $0.now += 1
                $0.total += 1
                $0.most = max($0.most, $0.now)
            }
        }

        func leave() { state.withLock { $0.now -= 1 } }
    }

    @Test("Beyond the queue's limit work is refused at once, and what was queued still runs")
    func refusesBeyondLimit() async throws {
        let workers = BoundedWorkers(label: "test", width: 1, queueLimit: 1)
        let gate = Gate()
        async let first: Void = workers.run { gate.pass() }
        await gate.waitUntilEntered()
        let queued = Task { try await workers.run { 2 } }
        while workers.waitingCount < 1 { await Task.yield() }
        await #expect(throws: PasswordHasher.Failure.busy) { try await workers.run { 3 } }
        gate.open()
        try await first
        #expect(try await queued.value == 2)
    }

    @Test("A task cancelled before its turn leaves the queue")
    func cancellation() async throws {
        let workers = BoundedWorkers(label: "test", width: 1, queueLimit: 4)
        let gate = Gate()
        async let first: Void = workers.run { gate.pass() }
        await gate.waitUntilEntered()
        let ran = Flag()
        let waiting = Task { try await workers.run { ran.raise() } }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        gate.open()
        try await first
        #expect(!ran.isRaised)
    }

    @Test("No more run at once than the width allows, and all of them run")
    func boundedConcurrency() async throws {
        let workers = BoundedWorkers(label: "test", width: 2, queueLimit: 64)
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await workers.run {
                        load.enter()
                        for _ in 0..<1000 { _ = Hashing.sha256([1]) }
                        load.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(load.total == 50)
        #expect(load.most <= 2)
    }
}
