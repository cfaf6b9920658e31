/// What both ends of a connection keep: settings, windows, open streams, control frames to send, and how often the peer did what is
/// free for it. A pure value: frames in, decisions out; no bytes are written and no clock is read here.
@usableFromInline
struct ConnectionCore: Sendable {
    @usableFromInline let mode: WireMode
    @usableFromInline let local: Settings
    @usableFromInline private(set) var peer = Settings.default
    @usableFromInline private(set) var peerSettingsSeen = false
    @usableFromInline var streams = StreamTable<StreamState>()
    var recentlyClosed = RecentlyClosed()
    /// To be written before anything else.
    @usableFromInline var control: [ControlFrame] = []
    private var sendWindow: SendWindow
    private var receiveWindow: ReceiveWindow
    private var counts = IntervalCounts()
    private var pings: PingAllowance
    /// Bytes of all unfinished messages.
    private var unfinishedBytes = 0
    /// Baseline: what came with complete messages that no reader has taken, in all streams.
    private var unreadBytes = 0
    /// Mesh: of complete messages that came in parts and wait for their readers, in all streams.
    private var keptBytes = 0
    /// What the driver allows of `heldBytes`: what they may grow to is bounded for each connection, and there may be many.
    var room = Int.max
    @usableFromInline private(set) var goAway: (lastStreamID: UInt32, failure: ConnectionFailure)?
    /// What the peer may send on a stream before it has seen our SETTINGS.
    private let toleratesDefaults: Bool

    /// - Parameter toleratesDefaults: the peer may send Data before it has read this side's SETTINGS.
    init(mode: WireMode, settings: Settings, toleratesDefaults: Bool) {
        self.mode = mode
        local = settings
        pings = PingAllowance(minimumInterval: settings.minimumPingInterval)
        self.toleratesDefaults = toleratesDefaults
        sendWindow = SendWindow(Settings.default.initialConnectionWindow)
        receiveWindow = ReceiveWindow(
            settings.initialConnectionWindow, tolerated: toleratesDefaults ? Settings.default.initialConnectionWindow : 0)
        if mode == .mesh { control.append(.settings(settings)) }
    }

    func makeStream() -> StreamState {
        StreamState(
            send: SendWindow(peer.initialStreamWindow),
            receive: ReceiveWindow(local.initialStreamWindow, tolerated: toleratesDefaults ? Settings.default.initialStreamWindow : 0))
    }

    // MARK: Frames of the connection

    enum ControlEvent: Equatable {
        case none
        case windowOpened(UInt32)
        case pong(UInt64)
        case goAway
        case cancel(UInt32, code: UInt32, reason: String)
    }

    /// - Throws: `ConnectionFailure` when the frame breaks a rule.
    mutating func receiveControl(_ header: FrameHeader, _ data: UnsafeRawBufferPointer) throws(ConnectionFailure) -> ControlEvent {
        switch try ControlFrame(header, data) {
        case .settings(let settings):
            try adopt(settings)
            return .windowOpened(0)
        case .ping(let value):
            guard pings.take() else {
                throw ConnectionFailure(.enhanceYourCalm, "PING frames more often than each \(local.minimumPingInterval) ms")
            }
            control.append(.pong(value))
            return .none
        case .pong(let value):
            try countFree("PONG")
            return .pong(value)
        case .cancel(let streamID, let code, let reason):
            try IntervalCounts.count(&counts.cancels, upTo: WireLimits.cancelsPerInterval, "CANCEL")
            return .cancel(streamID, code: code, reason: reason)
        case .windowUpdate(let streamID, let increment):
            try countFree("WINDOW_UPDATE")
            return try open(streamID, by: increment)
        case .goAway(let last, let failure):
            try countFree("GOAWAY")
            goAway = (min(last, goAway?.lastStreamID ?? last), failure)
            return .goAway
        }
    }

    mutating func countFree(_ name: String) throws(ConnectionFailure) {
        try IntervalCounts.count(&counts.free, upTo: WireLimits.freeFramesPerInterval, name)
    }

    mutating func countRefusal() throws(ConnectionFailure) {
        try IntervalCounts.count(&counts.refusals, upTo: WireLimits.refusalsPerInterval, "refused Request")
    }

    /// To be called at a fixed interval of about a second.
    mutating func intervalPassed() {
        counts = IntervalCounts()
        pings.intervalPassed()
    }

    /// Between two PINGs of this side's choice: what it wants, or what the peer has announced where that is longer.
    func pingInterval(atLeast wanted: Duration) -> Duration {
        max(wanted, .milliseconds(peer.minimumPingInterval))
    }

    private mutating func adopt(_ settings: Settings) throws(ConnectionFailure) {
        guard !peerSettingsSeen else { throw ConnectionFailure(.protocolError, "SETTINGS twice") }
        peerSettingsSeen = true
        let before = peer
        peer = settings
        sendWindow.resize(from: before.initialConnectionWindow, to: settings.initialConnectionWindow)
        for id in streams.sortedIDs {
            streams[id]?.send.resize(from: before.initialStreamWindow, to: settings.initialStreamWindow)
        }
    }

    private mutating func open(_ streamID: UInt32, by increment: UInt32) throws(ConnectionFailure) -> ControlEvent {
        let fits = streamID == 0 ? sendWindow.open(by: increment) : (streams[streamID]?.send.open(by: increment) ?? true)
        guard fits else { throw ConnectionFailure(.flowControlError, "a window beyond 2^31-1") }
        return .windowOpened(streamID)
    }

    // MARK: Receiving Data

    /// Charges a Data frame to both windows. When its stream has ended the connection's bytes are credited at once, the stream's no more.
    mutating func charge(_ header: FrameHeader) throws(ConnectionFailure) {
        guard mode == .mesh else { return }
        guard receiveWindow.charge(header.charge) else {
            throw ConnectionFailure(.flowControlError, "the connection's window is overrun")
        }
        if let isWithin = streams.update(header.streamID, { $0.receive.charge(header.charge) }) {
            guard isWithin else { throw ConnectionFailure(.flowControlError, "a stream's window is overrun") }
            return
        }
        guard recentlyClosed.charge(header.streamID, header.charge) != false else {
            throw ConnectionFailure(.flowControlError, "the window of a stream that has ended is overrun")
        }
        credit(header.charge, to: 0)
    }

    /// Takes what nearly every Data frame is: a whole message in one frame that the windows have room for. Looks for its stream once.
    ///
    /// - Parameter accepts: whether the stream takes such a frame.
    /// - Returns: the charge that its reader gives back. Nil when the frame is to be looked at more closely: nothing has changed then.
    @inline(__always)
    mutating func takeWhole(_ header: FrameHeader, accepts: (StreamState) -> Bool) -> Int? {
        let charge = header.charge
        guard mode == .mesh, header.flags.isDisjoint(with: [.more, .noData]), header.length <= local.maximumMessageBytes,
            receiveWindow.holds(charge)
        else { return nil }
        let taken = streams.update(header.streamID) { stream -> Int? in
            guard stream.unfinishedBytes == 0, accepts(stream), stream.receive.charge(charge) else { return nil }
            stream.answerBegan = true
            return stream.inbound.complete(charge: charge)
        }
        guard let due = taken ?? nil, receiveWindow.charge(charge) else { return nil }
        return due
    }

    /// The reader of a stream took messages: `charge` is the sum of what came with them. Every message is to be counted once,
    /// also one that is thrown away unread.
    mutating func consumed(_ messages: Int, charge: Int, on streamID: UInt32) {
        if mode == .baseline { unreadBytes = max(0, unreadBytes - charge) }
        if keptBytes > 0 { keptBytes -= streams.update(streamID) { $0.inbound.releaseKept(messages) } ?? 0 }
        credit(streams.update(streamID) { $0.inbound.taken(messages, charge: charge) } ?? charge, to: streamID)
    }

    /// Gives bytes back to the connection's window and, while its peer may still send on it, to the stream's.
    mutating func credit(_ bytes: Int, to streamID: UInt32) {
        guard mode == .mesh, bytes > 0 else { return }
        if let increment = receiveWindow.credit(bytes) {
            control.append(.windowUpdate(streamID: 0, increment: increment))
        }
        if streamID != 0, let increment = streams.update(streamID, { $0.credit(bytes) }) ?? nil {
            control.append(.windowUpdate(streamID: streamID, increment: increment))
        }
    }

    /// The stream is over. Bytes of its unfinished message go back to the connection.
    mutating func close(_ streamID: UInt32, remember: Bool) {
        if let stream = streams.removeValue(forKey: streamID) { closed(stream, streamID, remember: remember) }
    }

    /// A stream was taken out of the table.
    mutating func closed(_ stream: StreamState, _ streamID: UInt32, remember: Bool) {
        var inbound = stream.inbound
        unfinishedBytes -= stream.unfinishedBytes
        keptBytes -= inbound.keptBytes
        credit(inbound.releaseHeld(), to: 0)
        if remember { recentlyClosed.insert(streamID, stream.receive) }
    }

    /// A stream was refused before it began: what the peer sends on it is late from the beginning.
    mutating func neverBegan(_ streamID: UInt32) {
        recentlyClosed.insert(streamID, makeStream().receive)
    }

    // MARK: Unfinished messages

    /// What the peer makes this side hold: unfinished messages, and what waits for readers without a window's bound.
    var heldBytes: Int { unfinishedBytes + keptBytes + unreadBytes }

    var holdsUnfinished: Bool { unfinishedBytes > 0 }

    /// Whether the windows let the peer send more of a stream's messages: a fragment that is worth a frame. Baseline has none.
    func letsSend(on streamID: UInt32) -> Bool {
        guard mode == .mesh else { return true }
        let least = WireLimits.smallestFragment + FrameHeader.size
        return receiveWindow.offers(least) && streams[streamID]?.receive.offers(least) == true
    }

    /// Adds a part of a Request or Response.
    ///
    /// - Returns: false when that is too much.
    mutating func holdEnvelope(_ streamID: UInt32, _ length: Int) -> Bool {
        streams[streamID]?.envelopeBytes += length
        unfinishedBytes += length
        return unfinishedBytes <= WireLimits.assemblyBytes && heldBytes <= room
    }

    mutating func completeEnvelope(_ streamID: UInt32) {
        unfinishedBytes -= streams[streamID]?.envelopeBytes ?? 0
        streams[streamID]?.envelopeBytes = 0
    }

    /// Adds a part of a stream message. Why that is too much, if it is.
    mutating func holdMessage(_ header: FrameHeader) -> StreamRejection? {
        let due = streams[header.streamID]?.inbound.part(length: Int(header.length), charge: header.charge) ?? 0
        unfinishedBytes += Int(header.length)
        credit(due, to: header.streamID)
        guard unfinishedBytes <= WireLimits.assemblyBytes else { return .assemblyFull }
        return heldBytes > room ? .serverAssemblyFull : nil
    }

    /// The last part of a stream message came. The charge that its reader gives back.
    mutating func completeMessage(_ header: FrameHeader) -> Int {
        let completed = streams.update(header.streamID) { stream in
            let (assembled, kept) = (stream.inbound.assembledBytes, stream.inbound.keptBytes)
            let charge = stream.inbound.complete(charge: header.charge)
            return (assembled, stream.inbound.keptBytes - kept, charge)
        }
        guard let (assembled, kept, charge) = completed else { return header.charge }
        unfinishedBytes -= assembled
        keptBytes += kept
        if mode == .baseline { unreadBytes += charge }
        return charge
    }

    /// Nobody will take the stream's messages: those that are here, whole or not, go, and those to come hold nothing.
    mutating func readNoMore(on streamID: UInt32) {
        let gone = streams.update(streamID) { stream in
            defer { (stream.inbound, stream.readsNoMore) = (MessageCounter(), true) }
            return (stream.inbound.assembledBytes, stream.inbound.keptBytes, stream.inbound.releaseHeld())
        }
        guard let (assembled, kept, due) = gone else { return }
        unfinishedBytes -= assembled
        keptBytes -= kept
        credit(due, to: streamID)
    }

    /// Why a complete message of a baseline stream finds no room: no window bounds what its sender sends.
    func refusal(of header: FrameHeader, on stream: StreamState) -> StreamRejection? {
        guard stream.inbound.takes(header.charge) else { return .queueFull }
        guard unreadBytes + header.charge <= WireLimits.baselineUnreadBytes else { return .connectionQueueFull }
        return heldBytes + header.charge > room ? .serverQueueFull : nil
    }

    // MARK: Sending Data

    /// Charges the windows for a whole message, or does nothing and says false.
    mutating func grantAll(_ streamID: UInt32, _ bytes: Int) -> Bool {
        guard mode == .mesh else { return streams[streamID] != nil }
        let charge = bytes + FrameHeader.size
        guard bytes <= Int(peer.maximumDataFrame), sendWindow.available >= charge,
            streams.update(streamID, { $0.send.spendWhole(charge) }) == true
        else { return false }
        sendWindow.spend(charge)
        return true
    }

    /// How much of a message of `remaining` bytes may be sent on a stream now, in one frame; charges the windows for it.
    mutating func grant(_ streamID: UInt32, remaining: Int) -> SendGrant {
        guard let stream = streams[streamID] else { return .streamGone }
        guard mode == .mesh else { return .bytes(remaining) }
        let wanted = min(remaining, Int(peer.maximumDataFrame))
        let least = min(wanted, WireLimits.smallestFragment) + FrameHeader.size
        guard stream.send.available >= least else { return .streamBlocked }
        guard sendWindow.available >= least else { return .connectionBlocked }
        let bytes = min(wanted, stream.send.available - FrameHeader.size, sendWindow.available - FrameHeader.size)
        streams[streamID]?.send.spend(bytes + FrameHeader.size)
        sendWindow.spend(bytes + FrameHeader.size)
        return .bytes(bytes)
    }
}

/// What the windows allow.
public enum SendGrant: Hashable, Sendable {
    case bytes(Int)
    /// Wait for the stream's WINDOW_UPDATE.
    case streamBlocked
    /// Wait for the connection's WINDOW_UPDATE.
    case connectionBlocked
    /// The stream has ended: drop the message.
    case streamGone
}

/// How often the peer did, in the running interval, what costs it nothing.
private struct IntervalCounts: Hashable, Sendable {
    var cancels = 0
    var free = 0
    var refusals = 0

    /// Of every frame of a flood: not by key path, which costs more than all else that is done about it.
    static func count(_ counter: inout Int, upTo limit: Int, _ name: String) throws(ConnectionFailure) {
        counter += 1
        guard counter <= limit else {
            throw ConnectionFailure(.enhanceYourCalm, "more than \(limit) \(name) frames in an interval")
        }
    }
}
