public import MeshCall

/// Bounds of a listener.
public struct ServerLimits: Sendable {
    /// Connections at once, handshakes included. More are closed when they come. Three quarters of the files that the process may have open, where those
    /// are fewer; `maximumHandshakes` is half of that then.
    public var maximumConnections = 10_000
    /// Connections of one peer's name at once.
    public var maximumConnectionsPerPeer = 1000
    /// Handshakes under way at once. With one more the oldest is given up, and closed at once
    /// or, where its client has not sent one complete TLS record, among a thousand a second. How long one may take is `TLSLimits.handshakeTimeout`.
    public var maximumHandshakes = 1024
    /// The most that a new connection waits when a peer at its address was cut off lately for breaking a rule of the wire or for costing too much. The first
    /// time it is 100 ms, and twice as long with each time more, until ten seconds have gone well. Zero: nobody waits.
    public var longestProbation: Duration = .milliseconds(800)
    /// After this time, give or take a tenth, a connection's client is asked to make another: load spreads over servers that came
    /// later, and both sides' certificates get looked at again.
    public var maximumConnectionAge: Duration = .seconds(3600)
    /// How long calls may go on over a connection that has reached its age.
    public var ageGrace: Duration = .seconds(600)
    /// How long calls may go on over a connection whose peer's certificate has ended.
    public var expiryGrace: Duration = .seconds(30)
    /// Connections that the kernel holds before they are accepted.
    public var backlog: Int32 = 1024
    /// How often the certificate files are looked at. They are read again when they have changed.
    public var certificateRefresh: Duration = .seconds(10)
    /// How long handshakes under way may go on when the server stops.
    public var lastHandshakes: Duration = .milliseconds(500)
    /// When calls are refused because there are too many; nil takes them all.
    public var admission: AdmissionLimits? = .default
    /// Bytes that peers make the server hold, on all connections; of one peer's name a half at most. They are those of long Requests, packed, from their first
    /// part until their handlers have returned, of unfinished stream messages, of long ones that came in parts until a handler takes them, and in
    /// baseline, which has no windows, of all messages that wait; and of a frame that is not complete, when it takes more than 64 KiB. Each connection has
    /// 16 KiB of its own beside it. With more, calls are refused with RESOURCE_EXHAUSTED, `OVERLOADED`, streams end with `ASSEMBLY_FULL` or `QUEUE_FULL`, and
    /// a connection with such a frame ends. It ends too when the frame is not complete in `ConnectionLimits.partialFrameTimeout`.
    /// Half a Request holds its part no longer than `ConnectionLimits.partialRequestTimeout`, half a message no longer than so much time in which the windows
    /// let its sender go on.
    /// What is long says `ConnectionLimits.shortRequestBytes`, which stands with the bound of one connection, `maximumRequestBytes`.
    public var maximumRequestBytes = 512 << 20
    /// Bounds of each connection.
    public var connection = ConnectionLimits()

    /// Part of `maximumConnectionAge` by which one connection's age is shorter or longer.
    static let ageJitter = 0.1
    /// Lines a second in the log about peers that did not prove who they are.
    static let strangerLinesPerSecond = 20

    public init() {}

    /// What a server uses unless it is told otherwise.
    public static let `default` = ServerLimits()
}
