/// Bounds of admission control: when a server refuses calls so that those it takes are answered in time.
public struct AdmissionLimits: Sendable {
    /// Calls of one method at once that are never too many. How many more it takes is found out from its latency.
    public var minimumConcurrency = 8
    /// Calls of one method at once, however fast it is. Streams count too.
    public var maximumConcurrency = 10_000
    /// A method's mean latency may grow to so many times what it is without load.
    public var latencyTolerance = 2.0
    /// And at least by this much: shorter waits are nobody's overload.
    public var latencySlack: Duration = .milliseconds(5)
    /// How long a call may wait for a busy event loop once the loop has had no light turn for `delayInterval`. With handlers that keep
    /// the loop longer it is four of their calls.
    public var delayTarget: Duration = .milliseconds(5)
    /// How long a burst may last before it is overload; also the longest wait in a burst. With handlers that keep the loop longer it is
    /// fifty and twenty of their calls.
    public var delayInterval: Duration = .milliseconds(100)
    /// When a caller may try again: the shortest and the longest time that it is told.
    public var retryAfter: ClosedRange<Duration> = .milliseconds(50)...(.seconds(5))

    public init() {}

    public static let `default` = AdmissionLimits()
}
