/// How long a secret's value may be used after the store gave it.
public struct CachePolicy: Codable, Sendable, Equatable {
    /// Seconds during which the store is not asked again: also the longest that a revocation goes unseen while the store is up.
    public var maximumAgeSeconds: Int
    /// Seconds after that during which a value still serves when the store cannot be reached.
    public var staleSeconds: Int

    public init(maximumAgeSeconds: Int = 60, staleSeconds: Int = 600) {
        self.maximumAgeSeconds = maximumAgeSeconds
        self.staleSeconds = staleSeconds
    }

    /// How long a value may be used after the store last answered.
    public var longestUse: Duration { maximumAge + stale }
    var maximumAge: Duration { .seconds(max(maximumAgeSeconds, 0)) }
    var stale: Duration { .seconds(max(staleSeconds, 0)) }
}
