public import MeshCall

/// Bounds of a client.
public struct ClientLimits: Sendable {
    /// From the first SYN to a TCP connection.
    public var connectTimeout: Duration = .seconds(5)
    /// The wait before the second attempt to connect; grows by 1.6 with each failure. In between calls fail at once.
    public var minimumBackoff: Duration = .milliseconds(50)
    public var maximumBackoff: Duration = .seconds(3)
    /// Calls that may wait for a connection.
    public var maximumWaitingCalls = 4096
    /// How often one call is sent: again only when it certainly never ran, or its method may run twice.
    public var maximumAttempts = 3
    /// How long `close` waits for calls in flight.
    public var closeTimeout: Duration = .seconds(2)
    /// Certificate files are read again at most this often, when a connection is made.
    public var certificateRefresh: Duration = .seconds(60)
    /// Bounds of the connection.
    public var connection = ConnectionLimits()

    public init() {}

    public static let `default` = ClientLimits()
}
