/// A token bucket for each of many keys. Memory is bounded: of two generations the older one goes when the younger is full, so whoever
/// can come under very many keys can make it forget. A pure value: the time is given.
public struct TokenBuckets<Key: Hashable & Sendable>: Sendable {
    private let generationSize: Int
    private var young: [Key: TokenBucket] = [:]
    private var old: [Key: TokenBucket] = [:]

    /// - Parameter generationSize: keys; at most twice as many are remembered.
    public init(generationSize: Int) {
        self.generationSize = generationSize
    }

    /// - Parameter limit: the same for a key with every call.
    /// - Returns: nil when there was a token, otherwise how long until there is one.
    public mutating func take(_ key: Key, _ limit: RateLimit, now: ContinuousClock.Instant) -> Duration? {
        var bucket = young[key] ?? old[key] ?? TokenBucket(limit, now: now)
        let wait = bucket.take(now: now)
        if young.count >= generationSize, young[key] == nil {
            old = young
            young = [:]
        }
        young[key] = bucket
        return wait
    }

    /// Keys that are remembered.
    var count: Int { Set(young.keys).union(old.keys).count }
}
