/// When a client stops calling an address that answers badly, and for how long.
public struct BreakerLimits: Sendable {
    /// Failed calls in a row that open the breaker.
    public var consecutiveFailures = 8
    /// Part of failed calls in `window` that opens it, 0 to 1.
    public var failureRate = 0.5
    /// Calls that `window` must hold before their rate says anything.
    public var minimumCalls = 50
    /// Calls are forgotten after one to one and a half times this.
    public var window: Duration = .seconds(10)
    /// The first time an address is left alone; doubles with each time in a row.
    public var ejection: Duration = .seconds(1)
    /// The longest time that an address is left alone.
    public var maximumEjection: Duration = .seconds(60)
    /// Calls at once that try an address whose time is over.
    public var probes = 1
    /// How long a probe keeps others from trying the address: one that has not ended by then is a stream, or hangs.
    public var probeTimeout: Duration = .seconds(10)
    /// Probes that must be answered before the address is used as before.
    public var neededProbes = 2
    /// Part of a client's addresses that may be left alone at once, 0 to 1, rounded down: the only address of a peer never is.
    public var maximumEjectedPart = 0.5
    /// Leaves all addresses alone if they all fail: calls then fail at once with UNAVAILABLE, reason `CIRCUIT_OPEN`.
    public var failsFast = false
    /// Codes that mean that the address is at fault. INTERNAL and UNKNOWN may be added where handlers do not cause them.
    public var failures: Set<Int32> = [14, 4]

    public init() {}
}
