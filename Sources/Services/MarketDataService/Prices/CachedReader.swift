import Synchronization

/// Reads something from the exchange at most once at a time and not more often than its age limit asks; when reading fails, what is not
/// yet stale is given out once more.
final class CachedReader<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let cache: Mutex<AgedCache<Key, Value>>
    private let flight = SingleFlight<Key, Value>()
    private let freshFor: Duration
    private let staleAfter: Duration
    private let read: @Sendable (Key) async throws -> Value

    init(
        freshFor: Duration, staleAfter: Duration, capacity: Int, read: @escaping @Sendable (Key) async throws -> Value
    ) {
        cache = Mutex(AgedCache(capacity: capacity))
        self.freshFor = freshFor
        self.staleAfter = staleAfter
        self.read = read
    }

    /// - Throws: what reading throws, when there is nothing that is fresh enough.
    func value(for key: Key) async throws -> Value {
        if let fresh = cached(key, freshFor) { return fresh }
        do {
            return try await flight.value(for: key) { [self] in
                let value = try await read(key)
                cache.withLock { $0.insert(value, for: key, now: .now) }
                return value
            }
        } catch {
            guard let old = cached(key, staleAfter), ExchangeFailure.isPassing(error) else { throw error }
            return old
        }
    }

    private func cached(_ key: Key, _ age: Duration) -> Value? {
        cache.withLock { $0.value(for: key, noOlderThan: age, now: .now) }
    }
}
