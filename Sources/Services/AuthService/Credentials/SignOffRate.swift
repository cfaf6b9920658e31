internal import Synchronization

/// Bounds how often each person may ask for sign-offs: a token bucket a user, in memory. What must survive a restart, the count
/// of wrong codes, is in the database.
final class SignOffRate: Sendable {
    /// Sign-offs at once.
    static let burst = 10.0
    /// Sign-offs a second in the long run.
    static let perSecond = 0.5
    /// Users remembered; beyond it those with a full bucket are forgotten first, then all.
    static let mostUsers = 10_000

    private struct Bucket {
        var tokens: Double
        var at: Double
    }

    private let buckets = Mutex<[String: Bucket]>([:])

    /// - Parameter now: seconds on any steady scale.
    /// - Returns: whether one more is allowed; it is then counted.
    func admit(_ user: String, now: Double) -> Bool {
        buckets.withLock { buckets in
            if buckets.count >= Self.mostUsers { Self.shrink(&buckets, now: now) }
            let tokens = buckets[user].map { Self.refilled($0, now: now) } ?? Self.burst
            buckets[user] = Bucket(tokens: tokens >= 1 ? tokens - 1 : tokens, at: now)
            return tokens >= 1
        }
    }

    private static func refilled(_ bucket: Bucket, now: Double) -> Double {
        min(bucket.tokens + max(now - bucket.at, 0) * perSecond, burst)
    }

    private static func shrink(_ buckets: inout [String: Bucket], now: Double) {
        buckets = buckets.filter { refilled($0.value, now: now) < burst }
        if buckets.count >= mostUsers { buckets.removeAll() }
    }
}
