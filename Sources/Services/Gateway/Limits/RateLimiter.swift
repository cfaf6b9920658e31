internal import HTTPSKit
internal import ServiceKit
internal import Synchronization

/// What is limited, and for whom.
enum LimitName: String, CaseIterable, Sendable {
    /// Everything, for each client address.
    case requestsPerAddress = "requests-per-address"
    /// Everything, for each signed-in person.
    case requestsPerAccount = "requests-per-account"
    /// Sign-up, sign-in, confirmation and refresh, for each client address.
    case signInsPerAddress = "sign-ins-per-address"
    /// Sign-in and confirmation, for each account that is named, whoever names it.
    case signInsPerAccount = "sign-ins-per-account"
    case chatsPerAccount = "chats-per-account"
    case signOffsPerAccount = "sign-offs-per-account"

    var standard: RateLimit {
        switch self {
        case .requestsPerAddress: RateLimit(perMinute: 1200, burst: 200)
        case .requestsPerAccount: RateLimit(perMinute: 600, burst: 100)
        case .signInsPerAddress: RateLimit(perMinute: 60, burst: 40)
        case .signInsPerAccount: RateLimit(perMinute: 6, burst: 8)
        case .chatsPerAccount: RateLimit(perMinute: 30, burst: 15)
        case .signOffsPerAccount: RateLimit(perMinute: 30, burst: 15)
        }
    }
}

/// The buckets of all limits. Whoever can come from very many addresses can make it forget; the limits per account hold all the same.
final class RateLimiter: Sendable {
    /// Of buckets, as ``TokenBuckets`` has it.
    static let generationSize = 20_000

    private struct Key: Hashable {
        let limit: LimitName
        let subject: String
    }

    private let limits: [LimitName: RateLimit]
    private let buckets = Mutex(TokenBuckets<Key>(generationSize: generationSize))
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameter overrides: limits by name; unknown names are ignored.
    init(overrides: [String: RateLimit] = [:], now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        limits = Dictionary(uniqueKeysWithValues: LimitName.allCases.map { ($0, overrides[$0.rawValue] ?? $0.standard) })
        self.now = now
    }

    /// - Throws: `RateLimited`.
    func take(_ name: LimitName, for subject: String) throws(RateLimited) {
        let key = Key(limit: name, subject: subject)
        let limit = limits[name] ?? name.standard
        let now = now()
        let wait = buckets.withLock { $0.take(key, limit, now: now) }
        if let wait { throw RateLimited(limit: name, retryAfter: wait) }
    }
}

/// A request came too soon.
struct RateLimited: Error {
    let limit: LimitName
    let retryAfter: Duration
}
