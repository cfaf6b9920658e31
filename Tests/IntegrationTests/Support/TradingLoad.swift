import PulseCommands
import Synchronization

/// Somebody who trades with one key and reads their balances with another, without a pause.
final class TradingLoad: Sendable {
    struct Tally {
        /// Orders that were filled.
        var orders = 0
        var readings = 0
        var failures: [String] = []
    }

    private let person: Person
    private let stop = Atomic(false)
    private let results = Mutex(Tally())

    init(as person: Person) { self.person = person }

    var tally: Tally { results.withLock { $0 } }
    func end() { stop.store(true, ordering: .relaxed) }

    /// Until `end`.
    func run() async {
        await withTaskGroup { group in
            group.addTask { await self.lane(every: .seconds(2)) { try await self.order() } }
            group.addTask { await self.lane(every: .milliseconds(500)) { try await self.read() } }
        }
    }

    /// As often as the gateway and the exchange let one person.
    private func lane(every interval: Duration, _ call: () async throws -> Void) async {
        var next = ContinuousClock.now
        while !stop.load(ordering: .relaxed) {
            do { try await call() } catch { results.withLock { $0.failures.append("\(error)") } }
            next += interval
            try? await ContinuousClock().sleep(until: next)
        }
    }

    /// A proposal, signed and filled.
    private func order() async throws {
        // As a client does whose session goes on.
        try await person.renew()
        for try await line in try await person.chat("buy 0.001 BTC at market") {
            if let error = line.error { throw GatewayError(status: 200, body: error) }
            guard let made = line.proposal else { continue }
            let order = try await person.sign(ProposalText(person.proposal(made.proposalId)), code: nil)
            guard order.state == "FILLED" else { throw NeverHappened(what: "the order is filled: \(order.state)") }
            results.withLock { $0.orders += 1 }
        }
    }

    private func read() async throws {
        guard try await person.portfolio().contains(where: { $0.asset == "USDT" }) else { throw NeverHappened(what: "a balance") }
        results.withLock { $0.readings += 1 }
    }
}
