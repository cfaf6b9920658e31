import Deployment
import LocalMesh
import MeshCall
import MeshRuntime
import PulseCommands
import ServiceAPI
import Synchronization

/// 200 calls a second, spread over services that check a person's token by the keys that auth publishes.
final class SteadyLoad: Sendable {
    static let callsPerSecond = 200
    /// A little more is asked for, so that a call that waits does not bring it below.
    private static let pace = callsPerSecond * 6 / 5
    private static let lanes = 24

    /// What the calls came to.
    struct Tally {
        var done = 0
        var failures: [String] = []
        var elapsed = Duration.zero

        /// Calls a second that were answered.
        var rate: Double { Double(done) / (elapsed / .seconds(1)) }
    }

    private let execution: MeshClient
    private let marketData: MeshClient
    private let person: Person
    private let token: Mutex<String>
    private let stop = Atomic(false)
    private let results = Mutex(Tally())

    init(as person: Person, on mesh: LocalMesh) async throws {
        self.person = person
        execution = try mesh.client(to: .execution, as: "gateway")
        marketData = try mesh.client(to: .marketData, as: "gateway")
        token = Mutex(try await person.token())
    }

    /// Calls that were answered so far.
    var done: Int { results.withLock { $0.done } }

    /// - Returns: what the calls came to that were made while `body` ran.
    func during(_ body: () async throws -> Void) async throws -> Tally {
        let started = ContinuousClock.now
        let calls = Task { try await run() }
        do {
            try await body()
        } catch {
            stop.store(true, ordering: .relaxed)
            try? await calls.value
            throw error
        }
        stop.store(true, ordering: .relaxed)
        try await calls.value
        results.withLock { $0.elapsed = .now - started }
        for client in [execution, marketData] { await client.close() }
        return results.withLock { $0 }
    }

    private func run() async throws {
        try await withThrowingTaskGroup { group in
            for lane in 0..<Self.lanes { group.addTask { try await self.call(lane) } }
            group.addTask { try await self.renew() }
            try await group.waitForAll()
        }
    }

    private func call(_ lane: Int) async throws {
        var next = ContinuousClock.now
        while !stop.load(ordering: .relaxed) {
            next += .microseconds(1_000_000 * Self.lanes / Self.pace)
            try await ContinuousClock().sleep(until: next)
            let options = CallOptions.bearer(token.withLock { $0 })
            do {
                if lane.isMultiple(of: 2) {
                    _ = try await ExecutionV1.ExecutionClient(execution).listProposals(.init(limit: 1), options: options)
                } else {
                    _ = try await MarketDataV1.MarketDataClient(marketData).getPrice(.init(symbol: "BTCUSDT"), options: options)
                }
                results.withLock { $0.done += 1 }
            } catch {
                results.withLock { $0.failures.append("\(error)") }
            }
        }
    }

    /// As a client does whose session goes on: another access token every second.
    private func renew() async throws {
        while !stop.load(ordering: .relaxed) {
            try await ContinuousClock().sleep(for: .seconds(1))
            try await person.renew()
            let fresh = try await person.token()
            token.withLock { $0 = fresh }
        }
    }
}
