/// How much of a client's traffic may be repeated calls.
public struct RetryLimits: Sendable {
    /// Repeated calls and hedges for each call that is made, on average.
    public var budgetRatio = 0.2
    /// Repeated calls a second that are always allowed.
    public var budgetPerSecond = 10.0
    /// What is saved up while few calls are repeated.
    public var maximumBudget = 1000.0
    /// What there is at the beginning.
    public var initialBudget = 100.0
    /// The wait before the first repetition is a random part of this; it doubles with each.
    public var backoff: Duration = .milliseconds(20)
    /// The longest wait before a repetition.
    public var maximumBackoff: Duration = .seconds(1)
    /// A server that asks for a longer wait than this is not asked again.
    public var maximumRetryAfter: Duration = .seconds(30)

    public init() {}
}
