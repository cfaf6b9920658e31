import MeshCall
import Testing

struct ConcurrencyLimitTests {
    @Test("of five times what a pool can do, the pool does all it can, and what it takes is answered soon", arguments: [8, 32])
    func overload(workers: Int) {
        var pool = PoolSimulation(workers: workers)
        let capacity = Double(workers) / 5
        _ = pool.run(milliseconds: 2000, rate: capacity * 5) { _ in 5 }
        let result = pool.run(milliseconds: 5000, rate: capacity * 5) { _ in 5 }
        #expect(Double(result.answered) > 0.95 * capacity * 5000)
        #expect(result.meanLatency < 5 * 2.5)
    }

    @Test("no call is refused below what a pool can do, whatever the calls' own latency varies by")
    func belowCapacity() {
        for service in [{ _ in 5.0 }, { $0 < 0.9 ? 1.0 : 41 }, { $0 < 0.99 ? 0.5 : 450 }] as [(Double) -> Double] {
            var pool = PoolSimulation(workers: 32)
            let result = pool.run(milliseconds: 20_000, rate: 32 / 5 * 0.6, service: service)
            #expect(result.refusedShare < 0.01, "\(result.refused) of \(result.came)")
        }
    }

    @Test("a backend that takes any number of calls is not held back because it becomes slower")
    func slowerBackend() {
        var pool = PoolSimulation(workers: 0)
        _ = pool.run(milliseconds: 2000, rate: 5) { $0 * 40 }
        _ = pool.run(milliseconds: 2000, rate: 5) { 60 + $0 * 60 }
        let result = pool.run(milliseconds: 3000, rate: 5) { 60 + $0 * 60 }
        #expect(result.refusedShare < 0.02, "\(result.refused) of \(result.came)")
    }

    @Test("a pool that becomes slower under overload still does all it can")
    func slowerPool() {
        var pool = PoolSimulation(workers: 32)
        _ = pool.run(milliseconds: 3000, rate: 32) { _ in 5 }
        _ = pool.run(milliseconds: 3000, rate: 32) { _ in 20 }
        let result = pool.run(milliseconds: 3000, rate: 32) { _ in 20 }
        #expect(Double(result.answered) > 0.9 * 32 / 20 * 3000, "\(result.answered)")
        #expect(result.meanLatency < 20 * 3)
    }
}
