internal import ServiceKit
internal import Synchronization

/// Bounds how often each person may ask for sign-offs, in memory. What must survive a restart, the count of wrong codes, is in
/// the database.
final class SignOffRate: Sendable {
    static let limit = RateLimit(perMinute: 30, burst: 10)
    /// Users; at most twice as many are remembered.
    static let generationSize = 10_000

    private let buckets = Mutex(TokenBuckets<String>(generationSize: generationSize))

    /// - Returns: nil when one more is allowed, otherwise how long to wait.
    func take(_ user: String, now: ContinuousClock.Instant = .now) -> Duration? {
        buckets.withLock { $0.take(user, Self.limit, now: now) }
    }
}
