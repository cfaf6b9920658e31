/// A rate with a burst: tokens come in at an even pace up to a bound, and each request takes one.
public struct TokenBucket: Sendable {
    private let limit: RateLimit
    private var tokens: Double
    private var filled: ContinuousClock.Instant

    public init(_ limit: RateLimit, now: ContinuousClock.Instant) {
        self.limit = limit
        tokens = Double(limit.burst)
        filled = now
    }

    /// - Returns: nil when there was a token, otherwise how long until there is one.
    public mutating func take(now: ContinuousClock.Instant) -> Duration? {
        tokens = tokens(at: now)
        filled = max(filled, now)
        guard tokens < 1 else {
            tokens -= 1
            return nil
        }
        return .seconds((1 - tokens) / limit.tokensPerSecond)
    }

    /// Whether it is as if nobody had ever taken from it.
    public func isFull(at now: ContinuousClock.Instant) -> Bool { tokens(at: now) >= Double(limit.burst) }

    private func tokens(at now: ContinuousClock.Instant) -> Double {
        min(Double(limit.burst), tokens + max(.zero, filled.duration(to: now)) / .seconds(1) * limit.tokensPerSecond)
    }
}

/// So many requests a minute, so many at once.
public struct RateLimit: Codable, Sendable, Equatable {
    public var perMinute: Int
    public var burst: Int

    public init(perMinute: Int, burst: Int) {
        self.perMinute = max(1, perMinute)
        self.burst = max(1, burst)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            perMinute: try container.decode(Int.self, forKey: .perMinute), burst: try container.decode(Int.self, forKey: .burst))
    }

    var tokensPerSecond: Double { Double(perMinute) / 60 }
}
