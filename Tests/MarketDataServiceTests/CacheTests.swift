import MeshCall
import Synchronization
import Testing

@testable import MarketDataService

@Suite("Caches")
struct CacheTests {
    @Test("Callers who ask together share one request")
    func singleFlight() async throws {
        let reads = Mutex(0)
        let (gate, open) = AsyncStream<Void>.makeStream()
        let reader = CachedReader<String, Int>(freshFor: .seconds(60), staleAfter: .seconds(60), capacity: 10) { _ in
            for await _ in gate { break }
            return reads.withLock {
                $0 += 1; return $0
            }
        }
        try await withThrowingTaskGroup { group in
            for _ in 0..<50 { group.addTask { try await reader.value(for: "BTCUSDT") } }
            open.yield()
            open.finish()
            for try await value in group { #expect(value == 1) }
        }
        #expect(reads.withLock { $0 } == 1)
    }

    @Test("When reading fails, what is not stale yet is given out; what never was, is not")
    func staleness() async throws {
        let fails = Mutex(false)
        let reader = CachedReader<String, Int>(freshFor: .zero, staleAfter: .seconds(60), capacity: 10) { _ in
            if fails.withLock({ $0 }) { throw RPCError(.unavailable, "away") }
            return 7
        }
        #expect(try await reader.value(for: "BTCUSDT") == 7)
        fails.withLock { $0 = true }
        #expect(try await reader.value(for: "BTCUSDT") == 7)
        await #expect(throws: RPCError.self) { try await reader.value(for: "ETHUSDT") }
    }

    @Test("A value that is too old is not given out, and a full cache drops the oldest")
    func ages() {
        let start = ContinuousClock.now
        var cache = AgedCache<Int, Int>(capacity: 2)
        for key in 1...3 { cache.insert(key, for: key, now: start.advanced(by: .seconds(key))) }
        let now = start.advanced(by: .seconds(4))
        #expect(cache.value(for: 1, noOlderThan: .seconds(100), now: now) == nil)
        #expect(cache.value(for: 2, noOlderThan: .seconds(2), now: now) == 2)
        #expect(cache.value(for: 2, noOlderThan: .seconds(1), now: now) == nil)
    }
}
