/// Keeps repeated calls to a part of all calls, so that a client does not bury a server that is in trouble: a token bucket that calls
/// and time fill (Finagle's RetryBudget, gRPC's retryThrottling).
struct RetryBudget: Sendable {
    private let limits: RetryLimits
    private(set) var tokens: Double
    private var callsSeen = 0
    private var filledAt: ContinuousClock.Instant

    init(_ limits: RetryLimits, at now: ContinuousClock.Instant) {
        self.limits = limits
        tokens = min(limits.initialBudget, limits.maximumBudget)
        filledAt = now
    }

    /// Takes what one repetition costs.
    ///
    /// - Parameter calls: how many calls were made in all, their repetitions not counted.
    /// - Returns: false when there is not enough: do not repeat.
    mutating func withdraw(calls: Int, at now: ContinuousClock.Instant) -> Bool {
        fill(calls, now)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    private mutating func fill(_ calls: Int, _ now: ContinuousClock.Instant) {
        let fresh = Double(max(0, calls &- callsSeen)) * limits.budgetRatio
        let byTime = max(0, (now - filledAt) / .seconds(1)) * limits.budgetPerSecond
        tokens = min(limits.maximumBudget, tokens + fresh + byTime)
        callsSeen = calls
        filledAt = now
    }
}
