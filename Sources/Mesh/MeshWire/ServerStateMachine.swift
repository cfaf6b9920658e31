/// The server's end of a connection as a pure value: frames and the driver's decisions in, actions and control frames out.
///
/// The driver keeps the message bytes; the machine decides what they are. After every call the driver writes `takeControlFrames()`.
public struct ServerStateMachine: Sendable {
    // What a driver asks for every frame is inlined there: it would copy the whole machine for it otherwise.
    @usableFromInline var core: ConnectionCore
    var lastStreamID: UInt32 = 0
    /// Calls that hold a slot. A cancelled call keeps its slot until its handler returned.
    @usableFromInline var slots = 0
    @usableFromInline var drain = Drain.none

    @usableFromInline enum Drain: Hashable, Sendable { case none, announced, final }

    public init(mode: WireMode, settings: Settings = .default) {
        core = ConnectionCore(mode: mode, settings: settings, toleratesDefaults: true)
    }

    /// What the driver has to do about a frame.
    public enum Action: Hashable, Sendable {
        case none
        /// The frame's data belongs to the stream's Request, which goes on.
        case requestPart(UInt32)
        /// The frame's data ends the stream's Request; the call begins. `clientStreams`: Data will follow.
        case request(UInt32, clientStreams: Bool)
        /// The frame's data belongs to a stream message that goes on.
        case messagePart(UInt32)
        /// The frame's data ends a stream message; its reader gives `charge` back with `consumed`. `ends`: it was the last.
        case message(UInt32, charge: Int, ends: Bool)
        /// The client sends no more messages on this stream.
        case halfClosed(UInt32)
        /// The client gave the call up: cancel its handler if it runs, send nothing.
        case cancelled(UInt32, code: UInt32)
        /// Answer with this status. `ends`: the stream was open; cancel its handler if it runs.
        case reject(UInt32, StreamRejection, ends: Bool)
        /// Messages blocked by a window may go on; 0 means all streams.
        case windowOpened(UInt32)
        case pong(UInt64)
    }

    /// Baseline or mesh.
    @inlinable public var mode: WireMode { core.mode }
    /// What this side announced.
    @inlinable public var local: Settings { core.local }
    /// What the client announced.
    @inlinable public var peer: Settings { core.peer }
    @inlinable public var isEstablished: Bool { core.peerSettingsSeen || mode == .baseline }
    /// Whether control frames wait to be written.
    @inlinable public var hasControlFrames: Bool { !core.control.isEmpty }
    /// Calls that are open.
    @inlinable public var openStreams: Int { core.streams.count }
    /// Calls whose handlers have not returned, open or not.
    @inlinable public var busySlots: Int { slots }

    /// Bytes that the client makes this side hold: messages that are not complete, long ones that nobody has taken, and in baseline all such.
    public var heldBytes: Int { core.heldBytes }
    /// How much of that there may be. The driver sees to it before it hands on a frame that adds to it (``FrameHeader/addsToHeld(in:)``).
    public var room: Int {
        get { core.room }
        set { core.room = newValue }
    }

    /// Control frames to write before anything else.
    public mutating func takeControlFrames() -> [ControlFrame] {
        defer { core.control = [] }
        return core.control
    }

    /// - Parameter data: nil for a baseline frame whose data was too long and is skipped.
    /// - Throws: `ConnectionFailure`: call `fail`, write the control frames and close.
    public mutating func receive(_ header: FrameHeader, _ data: UnsafeRawBufferPointer?) throws(ConnectionFailure) -> Action {
        guard mode == .mesh else { return receiveBaseline(header, oversized: data == nil) }
        guard core.peerSettingsSeen || header.type == .settings else {
            throw ConnectionFailure(.protocolError, "the first frame is not SETTINGS")
        }
        switch header.type {
        case .request: return try receiveRequest(header)
        case .data: return try receiveData(header)
        case .ping, .pong, .settings, .windowUpdate, .goAway, .cancel:
            return try receiveControl(header, data ?? UnsafeRawBufferPointer(start: nil, count: 0))
        case .response, .headers:
            throw ConnectionFailure(.protocolError, "a frame that only servers send")
        default:
            guard header.type.isIgnorable else {
                throw ConnectionFailure(.protocolError, "unknown frame type \(header.type.rawValue)")
            }
            try core.countFree("unknown")
            return .none
        }
    }

    private mutating func receiveControl(_ header: FrameHeader, _ data: UnsafeRawBufferPointer) throws(ConnectionFailure) -> Action {
        switch try core.receiveControl(header, data) {
        case .none, .goAway:
            return .none
        case .windowOpened(let streamID):
            guard streamID <= lastStreamID else {
                throw ConnectionFailure(.protocolError, "WINDOW_UPDATE of a stream that never began")
            }
            return .windowOpened(streamID)
        case .pong(let value):
            return .pong(value)
        case .cancel(let streamID, let code, _):
            guard streamID <= lastStreamID else {
                throw ConnectionFailure(.protocolError, "CANCEL of a stream that never began")
            }
            guard core.streams[streamID] != nil else { return .none }
            end(streamID)
            return .cancelled(streamID, code: code)
        }
    }

    // MARK: The driver's decisions

    /// The Request itself had the stream's first message: it is one that the reader takes, and cost no window.
    public mutating func requestHadMessage(_ streamID: UInt32) {
        _ = core.streams.update(streamID) { $0.inbound.complete(charge: 0) }
    }

    /// Charges the windows for a whole Data message, or does nothing and says false.
    public mutating func grantAll(_ streamID: UInt32, _ bytes: Int) -> Bool {
        core.grantAll(streamID, bytes)
    }

    /// How much of a Data message may be sent now; charges the windows for it.
    public mutating func grant(_ streamID: UInt32, remaining: Int) -> SendGrant {
        core.grant(streamID, remaining: remaining)
    }

    /// True while the stream takes frames from the server.
    public func isOpen(_ streamID: UInt32) -> Bool { core.streams[streamID] != nil }

    /// The frame that ends the stream has been written.
    public mutating func answered(_ streamID: UInt32) {
        end(streamID)
    }

    /// The handler of a call returned: its slot is free.
    @inlinable
    public mutating func handlerReturned() {
        slots = max(0, slots - 1)
    }

    /// The stream's answer is there and waits to be written. What the client still sends goes, and may not turn the answer into another.
    public mutating func readNoMore(on streamID: UInt32) {
        core.readNoMore(on: streamID)
    }

    /// A Request was answered without its handler.
    ///
    /// - Throws: `ConnectionFailure` when that happened too often in an interval.
    public mutating func refusedRequest() throws(ConnectionFailure) {
        guard mode == .mesh else { return }
        try core.countRefusal()
    }

    /// The handler took (or the driver threw away) messages that came with these charges in sum.
    public mutating func consumed(_ messages: Int, charge: Int, on streamID: UInt32) {
        core.consumed(messages, charge: charge, on: streamID)
    }

    /// Whether the client has sent parts of messages that are not complete.
    public var holdsUnfinished: Bool { core.holdsUnfinished }

    /// Whether nothing but the client holds up a stream's messages.
    public func letsSend(on streamID: UInt32) -> Bool { core.letsSend(on: streamID) }

    /// To be called at a fixed interval of about a second.
    public mutating func intervalPassed() {
        core.intervalPassed()
    }

    /// Queues the GOAWAY that says why this connection ends.
    public mutating func fail(_ failure: ConnectionFailure) {
        guard mode == .mesh else { return }
        core.control.append(.goAway(lastStreamID: lastStreamID, failure))
    }

    /// First step of an orderly end: the client is asked to open no more streams. Its PONG, or a round-trip's time, leads to `finishDrain`.
    public mutating func beginDrain() {
        guard drain == .none else { return }
        drain = .announced
        guard mode == .mesh else { return drain = .final }
        core.control.append(.goAway(lastStreamID: WireLimits.lastStreamID, ConnectionFailure(.noError, "draining")))
        core.control.append(.ping(Self.drainPing))
    }

    /// Second step: requests after the last one seen will not run.
    ///
    /// - Returns: streams whose Request is not complete: they end, and are to be answered with `StreamRejection.draining`.
    public mutating func finishDrain() -> [UInt32] {
        guard drain == .announced else { return [] }
        drain = .final
        let unfinished = core.streams.sortedIDs.filter { core.streams[$0]?.isRunning == false }
        for id in unfinished { end(id) }
        core.control.append(.goAway(lastStreamID: lastStreamID, ConnectionFailure(.noError, "draining")))
        return unfinished
    }

    /// Queues a PING, so that a client that is there says something. Nothing in baseline.
    public mutating func ping() {
        guard mode == .mesh else { return }
        core.control.append(.ping(Self.keepalivePing))
    }

    /// What to leave between two PINGs: as much as the driver wants, or what the other side has announced (setting 6) where that is longer.
    public func pingInterval(atLeast wanted: Duration) -> Duration { core.pingInterval(atLeast: wanted) }

    /// The value of the PING that `ping` sends.
    public static let keepalivePing: UInt64 = 0x616c_6976_6500_0000
    /// The value of the PING that `beginDrain` sends.
    public static let drainPing: UInt64 = 0x6472_6169_6e00_0000

    /// Every call that will be answered has been.
    @inlinable public var isDrained: Bool { drain == .final && core.streams.isEmpty }

    // MARK: Ends of streams

    /// Takes the stream away. Its slot is free at once only when no handler has begun.
    mutating func end(_ id: UInt32) {
        guard let stream = core.streams.removeValue(forKey: id) else { return }
        if !stream.isRunning { slots -= 1 }
        core.closed(stream, id, remember: !stream.remoteClosed)
    }

    mutating func refuse(_ id: UInt32, _ rejection: StreamRejection) -> Action {
        end(id)
        return .reject(id, rejection, ends: true)
    }
}
