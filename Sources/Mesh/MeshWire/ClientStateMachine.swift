/// The client's end of a connection as a pure value. See `ServerStateMachine` for how a driver uses it.
public struct ClientStateMachine: Sendable {
    // What a driver asks for every frame is inlined there: it would copy the whole machine for it otherwise.
    @usableFromInline var core: ConnectionCore
    /// Nil when all ids are used up.
    @usableFromInline var nextStreamID: UInt32? = 1
    private var pingsSent: UInt64 = 0
    private var pingOutstanding: UInt64?

    public init(mode: WireMode, settings: Settings = .default) {
        core = ConnectionCore(mode: mode, settings: settings, toleratesDefaults: false)
    }

    /// What the driver has to do about a frame.
    public enum Action: Hashable, Sendable {
        case none
        /// The frame's data is the call's response metadata.
        case headers(UInt32)
        case messagePart(UInt32)
        /// The frame's data ends a stream message; its reader gives `charge` back with `consumed`.
        case message(UInt32, charge: Int)
        case responsePart(UInt32)
        /// The frame's data ends the Response, and with it the stream.
        case response(UInt32, statusOnly: Bool)
        /// Baseline: the server ended its stream of messages without a status, which means OK. `charge`: that of the last message, which is the
        /// frame's data; nil when it carries none.
        case ended(UInt32, charge: Int?)
        /// The stream is given up, because of the server; CANCEL is queued.
        case failed(UInt32, StreamRejection)
        case windowOpened(UInt32)
        /// The server runs no stream above this id; calls on such streams were never run and may go elsewhere.
        case goAway(lastStreamID: UInt32, ConnectionFailure)
        case pong
    }

    /// Baseline or mesh.
    @inlinable public var mode: WireMode { core.mode }
    /// What this side announced.
    @inlinable public var local: Settings { core.local }
    /// What the server announced.
    @inlinable public var peer: Settings { core.peer }
    @inlinable public var isEstablished: Bool { core.peerSettingsSeen || mode == .baseline }
    /// Whether control frames wait to be written.
    @inlinable public var hasControlFrames: Bool { !core.control.isEmpty }
    /// Calls that are open.
    @inlinable public var openStreams: Int { core.streams.count }

    /// Control frames to write before anything else.
    public mutating func takeControlFrames() -> [ControlFrame] {
        defer { core.control = [] }
        return core.control
    }

    // MARK: Calls

    /// Whether a call can begin now.
    public enum Availability: Hashable, Sendable {
        case available
        /// The server takes no more calls at once: wait for one to end.
        case full
        /// Ids are used up or the server goes away: another connection is needed.
        case exhausted
    }

    /// Whether a call can begin now.
    @inlinable public var availability: Availability {
        if nextStreamID == nil || core.goAway != nil { return .exhausted }
        return core.streams.count < Int(core.peer.maximumConcurrentStreams) ? .available : .full
    }

    /// Opens a stream; its Request must be the next message written. Nil unless `availability` is `available`.
    ///
    /// - Parameter expectsData: the answer is a stream.
    public mutating func open(expectsData: Bool) -> UInt32? {
        guard availability == .available, let id = nextStreamID else { return nil }
        nextStreamID = id > WireLimits.lastStreamID - 2 ? nil : id + 2
        var stream = core.makeStream()
        stream.expectsData = expectsData
        core.streams.open(id, stream)
        return id
    }

    /// Whether the call on that stream is open.
    public func isOpen(_ streamID: UInt32) -> Bool { core.streams[streamID] != nil }

    /// Gives a call up: CANCEL in mesh mode, forgotten in baseline.
    public mutating func cancel(_ streamID: UInt32, code: UInt32, reason: String) {
        guard core.streams[streamID] != nil else { return }
        core.close(streamID, remember: true)
        guard mode == .mesh else { return }
        core.control.append(.cancel(streamID: streamID, code: code, reason: reason))
    }

    /// Charges the windows for a whole Data message, or does nothing and says false.
    public mutating func grantAll(_ streamID: UInt32, _ bytes: Int) -> Bool {
        core.grantAll(streamID, bytes)
    }

    /// How much of a Data message may be sent now; charges the windows for it.
    public mutating func grant(_ streamID: UInt32, remaining: Int) -> SendGrant {
        core.grant(streamID, remaining: remaining)
    }

    /// The reader took (or the driver threw away) messages that came with these charges in sum.
    public mutating func consumed(_ messages: Int, charge: Int, on streamID: UInt32) {
        core.consumed(messages, charge: charge, on: streamID)
    }

    // MARK: The connection

    /// Queues a PING, unless one is unanswered. False when one is.
    public mutating func ping() -> Bool {
        guard mode == .mesh, pingOutstanding == nil else { return false }
        pingsSent += 1
        pingOutstanding = pingsSent
        core.control.append(.ping(pingsSent))
        return true
    }

    /// What to leave between two PINGs: as much as the driver wants, or what the other side has announced (setting 6) where that is longer.
    public func pingInterval(atLeast wanted: Duration) -> Duration { core.pingInterval(atLeast: wanted) }

    /// Whether a PING has not been answered yet.
    public var awaitsPong: Bool { pingOutstanding != nil }

    /// To be called at a fixed interval of about a second.
    public mutating func intervalPassed() {
        core.intervalPassed()
    }

    /// Queues the GOAWAY that says why this connection ends.
    public mutating func fail(_ failure: ConnectionFailure) {
        guard mode == .mesh else { return }
        core.control.append(.goAway(lastStreamID: 0, failure))
    }

    /// - Parameter data: nil for a baseline frame whose data was too long and is skipped.
    /// - Throws: `ConnectionFailure`: call `fail`, write the control frames and close.
    public mutating func receive(_ header: FrameHeader, _ data: UnsafeRawBufferPointer?) throws(ConnectionFailure) -> Action {
        guard mode == .mesh else { return receiveBaseline(header, oversized: data == nil) }
        guard core.peerSettingsSeen || header.type == .settings else {
            throw ConnectionFailure(.protocolError, "the first frame is not SETTINGS")
        }
        switch header.type {
        case .response: return try receiveResponse(header)
        case .data: return try receiveData(header)
        case .headers: return try receiveHeaders(header)
        case .ping, .pong, .settings, .windowUpdate, .goAway:
            return try receiveControl(header, data ?? UnsafeRawBufferPointer(start: nil, count: 0))
        case .request, .cancel:
            throw ConnectionFailure(.protocolError, "a frame that only clients send")
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
        case .none, .cancel: return .none
        case .windowOpened(let streamID):
            guard nextStreamID.map({ streamID < $0 }) ?? true else {
                throw ConnectionFailure(.protocolError, "WINDOW_UPDATE of a stream that never began")
            }
            return .windowOpened(streamID)
        case .goAway:
            guard let goAway = core.goAway else { return .none }
            return .goAway(lastStreamID: goAway.lastStreamID, goAway.failure)
        case .pong(let value):
            guard value == pingOutstanding else { return .none }
            pingOutstanding = nil
            return .pong
        }
    }

    /// Streams that the server said it will not run.
    public func streams(above lastStreamID: UInt32) -> [UInt32] {
        core.streams.sortedIDs.filter { $0 > lastStreamID }
    }

    /// Forgets a stream that the server never ran.
    public mutating func forget(_ streamID: UInt32) {
        core.close(streamID, remember: true)
    }

    mutating func giveUp(_ id: UInt32, _ rejection: StreamRejection) -> Action {
        cancel(id, code: rejection.code, reason: rejection.reason)
        return .failed(id, rejection)
    }
}
