/// How many refusals of each of those who cause them are told, and how many were left out. A pure value: the time is given.
public struct RefusalRates: Sendable {
    private struct Source {
        var bucket: TokenBucket
        var leftOut = 0
    }

    /// Shares one rate when too many cause refusals at once.
    private static let everybodyElse = ""

    private let rate: RateLimit
    private let maximumSources: Int
    private var sources: [String: Source] = [:]

    /// - Parameters:
    ///   - rate: what each source may cause.
    ///   - maximumSources: told apart; all beyond share one rate.
    public init(_ rate: RateLimit, maximumSources: Int) {
        self.rate = rate
        self.maximumSources = maximumSources
    }

    /// - Returns: how many were left out since the last one told; nil when this one is left out too.
    public mutating func admit(_ name: String, at now: ContinuousClock.Instant) -> Int? {
        let key = key(name, at: now)
        var source = sources[key] ?? Source(bucket: TokenBucket(rate, now: now))
        defer { sources[key] = source }
        guard source.bucket.take(now: now) == nil else {
            source.leftOut += 1
            return nil
        }
        defer { source.leftOut = 0 }
        return source.leftOut
    }

    /// What was to be told could not be.
    public mutating func leaveOut(_ count: Int, of name: String) {
        sources[sources[name] == nil ? Self.everybodyElse : name]?.leftOut += count
    }

    /// Whoever has been quiet for long enough makes room; what is left to be told of it is told with everybody else's.
    private mutating func key(_ name: String, at now: ContinuousClock.Instant) -> String {
        if sources[name] != nil || sources.count < maximumSources { return name }
        let quiet = sources.filter { $0.key != Self.everybodyElse && $0.value.bucket.isFull(at: now) }
        for name in quiet.keys { sources[name] = nil }
        let untold = quiet.values.reduce(0) { $0 + $1.leftOut }
        if untold > 0 { sources[Self.everybodyElse, default: Source(bucket: TokenBucket(rate, now: now))].leftOut += untold }
        return sources.count < maximumSources ? name : Self.everybodyElse
    }
}
