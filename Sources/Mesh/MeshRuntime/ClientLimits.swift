public import MeshCall

/// Bounds and choices of a client.
public struct ClientLimits: Sendable {
    /// From the first SYN to a TCP connection.
    public var connectTimeout: Duration = .seconds(5)
    /// The wait before the second attempt to connect to an address; grows by 1.6 with each failure. While all addresses wait, calls fail at
    /// once, unless they wait for a ready connection or the addresses are being looked up again.
    public var minimumBackoff: Duration = .milliseconds(50)
    /// The longest wait before an attempt to connect.
    public var maximumBackoff: Duration = .seconds(3)
    /// How long a call waits for a connection while all addresses wait to be tried again. With zero it fails at once.
    public var patience: Duration = .zero
    /// Calls that may wait for a connection.
    public var maximumWaitingCalls = 4096
    /// How often one call is sent: again only when it certainly never ran, or its method may run twice. The two are counted apart.
    public var maximumAttempts = 3
    /// How long `close` waits for calls in flight.
    public var closeTimeout: Duration = .seconds(2)
    /// Certificate files are read again at most this often, while connections are made or kept.
    public var certificateRefresh: Duration = .seconds(60)
    /// Calls of read-only unary methods that have no answer after this time are sent a second time, on another connection; nil: never.
    /// A call's own `CallOptions.hedgeAfter` comes before it. Never in baseline where `ConnectionLimits.closesBaselineToCancel` says that a call that is
    /// given up closes its connection.
    public var hedgeAfter: Duration?
    /// Which connections there are.
    public var pool = PoolLimits()
    /// How many calls may be repeated.
    public var retry = RetryLimits()
    /// When an address is left alone.
    public var breaker = BreakerLimits()
    /// Bounds of each connection.
    public var connection = ConnectionLimits()

    public init() {}

    /// What a client uses unless it is told otherwise.
    public static let `default` = ClientLimits()
}
