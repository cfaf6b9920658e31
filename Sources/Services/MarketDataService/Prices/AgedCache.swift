/// Values with the moment they were had. Pure value; when full, the oldest goes.
struct AgedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var entries: [Key: (value: Value, since: ContinuousClock.Instant)] = [:]
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Nil when there is none or it is older than `age`.
    func value(for key: Key, noOlderThan age: Duration, now: ContinuousClock.Instant) -> Value? {
        guard let entry = entries[key], now - entry.since <= age else { return nil }
        return entry.value
    }

    mutating func insert(_ value: Value, for key: Key, now: ContinuousClock.Instant) {
        if entries.count >= capacity, entries[key] == nil, let oldest = entries.min(by: { $0.value.since < $1.value.since })?.key {
            entries[oldest] = nil
        }
        entries[key] = (value, now)
    }
}
