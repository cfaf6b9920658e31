/// Bounds of admission control: when a server refuses calls so that those it takes are answered in time.
public struct AdmissionLimits: Sendable {
    /// Calls of one method at once that are never too many. How many more it takes is found out from its latency.
    public var minimumConcurrency = 8
    /// Calls of one method at once, however fast it is. Streams count too.
    public var maximumConcurrency = 10_000
    /// A method's mean latency may grow to so many times what it is without load.
    public var latencyTolerance = 2.0
    /// The part of a call's time that it may always spend waiting: that is nobody's overload.
    public var patience = 0.01
    /// Calls with more time than this are not more patient.
    public var longestPatience: Duration = .seconds(20)
    /// How long any call may wait for a busy event loop, once its queue is a standing one. With handlers that keep the loop longer it is
    /// four of their calls.
    public var delayTarget: Duration = .milliseconds(5)
    /// How long a burst may last before it is a standing queue. With handlers that keep the loop longer it is fifty of their calls, and
    /// for patient calls five times what they may wait.
    public var delayInterval: Duration = .milliseconds(100)
    /// When a caller may try again: the shortest and the longest time that it is told.
    public var retryAfter: ClosedRange<Duration> = .milliseconds(50)...(.seconds(5))

    public init() {}

    /// What a server uses unless it is told otherwise.
    public static let `default` = AdmissionLimits()

    /// How long a call may wait that has so much time, both in nanoseconds.
    func patience(of time: Int64) -> Int64 {
        Int64(Double(max(0, min(time, longestPatience.clampedNanoseconds))) * patience)
    }
}
