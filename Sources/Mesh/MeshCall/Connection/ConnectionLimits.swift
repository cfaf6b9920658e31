public import MeshWire

/// Bounds of one connection. What is negotiated stands in `settings`.
public struct ConnectionLimits: Sendable {
    /// What this side announces.
    public var settings = Settings()
    /// How often a connection looks at its times.
    public var tick: Duration = .seconds(1)
    /// A frame that began must be complete after this time: slow senders are cut off.
    public var partialFrameTimeout: Duration = .seconds(10)
    /// A Request in several frames must be complete after this time; so must, at a server, a message of a stream, unless the windows have kept its sender
    /// from going on. A stream whose message is not ends with DEADLINE_EXCEEDED, `MESSAGE_UNFINISHED`.
    public var partialRequestTimeout: Duration = .seconds(30)
    /// SETTINGS must have come after this time.
    public var settingsTimeout: Duration = .seconds(10)
    /// A peer that takes no bytes for this time is given up.
    public var writeStallTimeout: Duration = .seconds(30)
    /// A server closes a connection without calls after this time.
    public var idleTimeout: Duration = .seconds(900)
    /// A client pings a quiet connection with calls in flight after this time, or after its server's `Settings.minimumPingInterval` where that is longer.
    public var keepaliveInterval: Duration = .seconds(20)
    /// How long a PING may go unanswered.
    public var keepaliveTimeout: Duration = .seconds(10)
    /// A server pings a quiet connection with calls open after this time, or after its client's minimum where that is longer; in baseline, which has no
    /// PING, the kernel probes it. Longer than a client's own interval: who is there speaks first.
    public var serverKeepaliveInterval: Duration = .seconds(30)
    /// How long nothing may come after that.
    public var serverKeepaliveTimeout: Duration = .seconds(20)
    /// Bytes handed to the link in one piece before its writability is looked at again.
    public var outboundHighWater = 128 << 10
    /// Bytes of answers or requests that may wait for a slow peer. More is RESOURCE_EXHAUSTED.
    public var maximumOutboundBytes = 16 << 20
    /// Bytes and messages of answers queued for a peer that does not read; with more a server closes the connection.
    public var maximumUnreadBytes = 64 << 20
    /// See ``maximumUnreadBytes``.
    public var maximumUnreadMessages = 4096
    /// Bytes of long Requests, packed, whose handlers have not returned at a server. With more calls are refused with RESOURCE_EXHAUSTED, `OVERLOADED`.
    public var maximumRequestBytes = 64 << 20
    /// Requests up to this many bytes are not counted: together they are bounded by `settings.maximumConcurrentStreams`.
    public var shortRequestBytes = 16 << 10
    /// A client in baseline closes the connection when a call that was sent is given up, by its caller or because more waits unread than may: ttrpc has
    /// no other word that stops what the server does for it. All other calls of the connection are lost with it, so such calls deserve a client of
    /// their own, and such a client does not hedge. A unary call whose time is over closes nothing: the server was told how much it had. A stream
    /// does: Go's servers and ours end it by themselves, but ttrpc-rust 0.9 hands the time to a stream's handler and does not count it.
    public var closesBaselineToCancel = false
    /// Calls of a client that may wait for a free stream.
    public var maximumWaitingCalls = 4096
    /// How long an event loop looks for the next call of a caller that makes one after another, or for its answer, before its thread sleeps.
    /// That spares both sides the waking, which takes longer than a small call, and costs processor time instead. It is done only after turns
    /// of one call, while most such waits end within it, and by loops of at most eight connections, all of which it watches; new connections and
    /// timers of the loop may have to wait for its end. Zero: never.
    public var longestSpin: Duration = .microseconds(100)
    /// No call lasts longer, whatever its caller says.
    public var maximumDeadline: Duration = .seconds(24 * 3600)

    /// The longest message that this side takes, in bytes: what stands for it in `settings`.
    public var maximumMessageBytes: Int {
        get { Int(settings.maximumMessageBytes) }
        set { settings.maximumMessageBytes = UInt32(clamping: newValue) }
    }

    public init() {}

    /// What connections use unless they are told otherwise.
    public static let `default` = ConnectionLimits()
}
