public import MeshCall

/// Bounds of a listener.
public struct ServerLimits: Sendable {
    /// Connections at once, handshakes included. More are closed when they come.
    public var maximumConnections = 10_000
    /// Connections of one peer's name at once.
    public var maximumConnectionsPerPeer = 1000
    /// How long calls may go on over a connection whose peer's certificate has ended.
    public var expiryGrace: Duration = .seconds(30)
    /// Connections that the kernel holds before they are accepted.
    public var backlog: Int32 = 1024
    /// Certificate files are read again at most this often, when a connection is made.
    public var certificateRefresh: Duration = .seconds(60)
    /// Bounds of each connection.
    public var connection = ConnectionLimits()

    public init() {}

    public static let `default` = ServerLimits()
}
