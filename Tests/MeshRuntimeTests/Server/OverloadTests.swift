import MeshCall
import MeshRuntime
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// Workers that each do one thing at a time; who finds none free waits for his turn.
private final class WorkerPool: Sendable {
    private let state: Mutex<(free: Int, waiting: CircularBuffer<CheckedContinuation<Void, Never>>)>

    init(_ workers: Int) {
        state = Mutex((workers, CircularBuffer()))
    }

    func work(for time: Duration, on loop: any EventLoop) async {
        await withCheckedContinuation { waiter in
            let begins = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(waiter)
                return false
            }
            if begins { waiter.resume() }
        }
        await pause(until: .now + time, on: loop)
        let next = state.withLock { state in
            let next = state.waiting.popFirst()
            if next == nil { state.free += 1 }
            return next
        }
        next?.resume()
    }
}

/// Counts the calls that admission control sends away.
private final class ShedCalls: RefusalObserver {
    private let shed = Atomic<UInt64>(0)

    var count: UInt64 { shed.load(ordering: .relaxed) }

    func refused(_ refusal: CallRefusal) {}
    func shed(_ method: MethodDescriptor?, of peer: PeerIdentity) { shed.wrappingAdd(1, ordering: .relaxed) }
}

/// Five times more calls come than a server can answer.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct OverloadTests {
    /// Rounds that must hold, and how many there may be: a machine that others use too spoils some. Without admission control none holds.
    private static let rounds = (enough: 3, most: 9)

    /// Its calls have a second.
    private static let work = MethodDescriptor(
        service: "test.v1.Test", name: "Work", kind: .unary,
        policy: MethodPolicy(callers: ["gateway"], callersWithoutUser: ["gateway"], defaultDeadline: .seconds(1)))

    /// What one round measured, as the two ratios that count.
    private struct Round {
        let goodput: Double
        let latency: Double
        /// Calls that failed otherwise than by being refused.
        let failed: [String]

        var holds: Bool { goodput > 0.8 && latency < 2 && failed.isEmpty }
    }

    @Test("handlers that wait for a bounded pool of workers")
    func pool() async throws {
        let pool = WorkerPool(4), loop = MultiThreadedEventLoopGroup.singleton.next()
        try await expectHolds("worker pool", callers: 12) { _, _ in
            await pool.work(for: .milliseconds(10), on: loop)
            return ByteBuffer()
        }
    }

    @Test("handlers that keep the core to themselves")
    func core() async throws {
        try await expectHolds("busy core", callers: 3) { _, _ in
            let end = ContinuousClock.now + .milliseconds(4)
            while ContinuousClock.now < end {}
            return ByteBuffer()
        }
    }

    /// - Parameter callers: enough to keep the server busy, too few to overload it.
    private func expectHolds(
        _ name: String, callers: Int, _ body: @escaping @Sendable (ByteBuffer, ServerContext) async throws -> ByteBuffer
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let shed = ShedCalls()
        let mesh = try await TestMesh.start([MethodImplementation(Self.work, .unary(body))], limits: .default, refusals: shed, group: group)
        var clients: [MeshClient] = []
        for _ in 0..<4 { clients.append(try await mesh.client()) }
        var rounds: [Round] = []
        let heartbeat = Heartbeat()
        while rounds.count(where: \.holds) < Self.rounds.enough, rounds.count < Self.rounds.most {
            rounds.append(try await round(name, callers, clients, heartbeat))
        }
        try await heartbeat.stop()
        let statistics = try #require(mesh.server.admissionStatistics)
        #expect(statistics.refused > 0)
        #expect(shed.count == statistics.refused)
        #expect(statistics.methods.first { $0.path.hasSuffix("Work") }?.inProgress == 0)
        let goodput = rounds.map(\.goodput).sorted()[rounds.count / 2], latency = rounds.map(\.latency).sorted()[rounds.count / 2]
        print("\(name), median of \(rounds.count): goodput at 5x load \(goodput) of peak, p99 \(latency) times that at 80% load")
        #expect(rounds.count(where: \.holds) == Self.rounds.enough, "\(rounds)")
        await mesh.stop()
        try await group.shutdownGracefully()
    }

    private func round(_ name: String, _ callers: Int, _ clients: [MeshClient], _ heartbeat: Heartbeat) async throws -> Round {
        let call: @Sendable (Int) async throws -> Void = { number in
            _ = try await clients[number % clients.count].unary(Self.work, ByteBuffer(), options: CallOptions())
        }
        let peak = try await peak(callers, call)
        let busy = await OpenLoad.run(rate: peak * 0.8, for: .milliseconds(2500), warmUp: .milliseconds(300), call)
        _ = heartbeat.takeLateness()
        let over = await OpenLoad.run(rate: peak * 5, for: .milliseconds(2000), warmUp: .milliseconds(500), call)
        let late = heartbeat.takeLateness()
        print(
            "\(name): peak \(Int(peak))/s; at 80% p50 \(busy.percentile(0.5)) p99 \(busy.percentile(0.99)), \(busy.refused) refused; at 5x",
            "\(Int(over.goodput))/s p50 \(over.percentile(0.5)) p99 \(over.percentile(0.99)), \(over.refused) refused; machine late \(late)")
        return Round(
            goodput: over.goodput / peak, latency: max(.zero, over.percentile(0.99) - late) / busy.percentile(0.99),
            failed: busy.failed + over.failed)
    }

    /// Answers a second when the server has always something to do, at least one.
    private func peak(_ callers: Int, _ call: @escaping @Sendable (Int) async throws -> Void) async throws -> Double {
        let numbers = Mutex(0)
        let start = ContinuousClock.now
        let outcome = try await Load.of(
            callers,
            {
                let number = numbers.withLock { number in
                    number += 1
                    return number
                }
                try await call(number)
                return ""
            }
        ) { load in
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            await pause(until: start + .milliseconds(800), on: loop)
        }
        return max(1, Double(outcome.succeeded) / ((ContinuousClock.now - start) / .seconds(1)))
    }
}
