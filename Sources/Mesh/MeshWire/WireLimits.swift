/// The numbers of the wire that nobody negotiates. What can be negotiated has its default in `Settings`.
public enum WireLimits {
    /// Longest data of one frame in baseline mode, and the longest message that may ever be negotiated: 4 MiB.
    public static let maximumMessageBytes = 4 << 20
    /// The first byte of a length is zero; a frame that claims more is not one of ours.
    public static let maximumFrameLength: UInt32 = 0x00ff_ffff
    /// Longest data of a control frame (SETTINGS, PING, PONG, CANCEL, WINDOW_UPDATE, GOAWAY).
    public static let maximumControlBytes = 1024
    /// Longest reason text in CANCEL and GOAWAY, in bytes of UTF-8.
    public static let maximumReasonBytes = 256
    /// Longest message of a status that is sent, in bytes of UTF-8: the rest is cut off.
    public static let maximumStatusMessageBytes = 1024
    /// What a HEADERS frame's encoding may add to its metadata.
    public static let envelopeAllowance = 8 << 10
    /// Largest window and largest increment: 2^31 - 1.
    public static let maximumWindow = Int(Int32.max)
    /// Smallest initial window: holds several of the smallest fragments.
    public static let smallestWindow: UInt32 = 4096
    /// The last id that a client may use on one connection.
    public static let lastStreamID: UInt32 = 0xffff_ffff
    /// Streams that ended before the peer may have known, for which late frames are ignored.
    public static let recentlyClosedStreams = 1024
    /// CANCEL frames that a server takes in one interval before it answers ENHANCE_YOUR_CALM.
    public static let cancelsPerInterval = 500
    /// PING frames taken at once. Those that follow come at most twice as often as was announced with setting 6, and no more than so many a second.
    public static let pingsAtOnce = 10
    /// Frames taken in one interval that cost the sender nothing: WINDOW_UPDATE, PONG, ignorable unknown types, parts of messages without data,
    /// and what comes of streams that have ended, but for Data with data.
    public static let freeFramesPerInterval = 20_000
    /// Requests refused without their handler in one interval before a server answers ENHANCE_YOUR_CALM.
    public static let refusalsPerInterval = 2000
    /// Bytes of fragmented messages not yet complete that one connection may make its peer hold. For all connections of a server there is a bound too.
    public static let assemblyBytes = 16 << 20
    /// Complete messages waiting in one stream in baseline mode, which has no windows, and their bytes with 10 for each. Stock clients
    /// send as fast as the connection takes it: what comes in one read must find room.
    public static let baselineQueuedMessages = 16_384
    /// Bytes that may wait unread in a baseline stream.
    public static let baselineQueuedBytes = 4 << 20
    /// Bytes that may wait unread on a baseline connection, in all its streams, those that have ended and are still read included. For all
    /// connections of a server there is a bound too.
    public static let baselineUnreadBytes = 16 << 20
    /// Do not cut a message into pieces smaller than this merely because the window is nearly used up.
    public static let smallestFragment = 1024
}

/// What a connection speaks, as ALPN decided.
public enum WireMode: Sendable, Equatable {
    /// ttrpc 1.2, byte for byte.
    case baseline
    /// `cryptopulse-mesh/1`: baseline frames and the control frames of PROTOCOL.md.
    case mesh
}
