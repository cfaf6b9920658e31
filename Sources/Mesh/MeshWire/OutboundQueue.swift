/// Messages on their way out, cut into frames: in order within a stream, taking turns between streams, held back by windows.
///
/// `Payload` is whatever the driver keeps a message in; the queue looks only at lengths.
public struct OutboundQueue<Payload: Sendable>: Sendable {
    /// A message to send.
    public struct Message: Sendable {
        /// The type of all its frames.
        public let type: FrameType
        /// Flags of its last frame; the frames before carry MORE.
        public let flags: FrameFlags
        /// Where its bytes are.
        public let payload: Payload
        /// How many bytes it has.
        public let length: Int
        fileprivate var offset = 0

        /// No frame of it has been cut yet.
        public var isUntouched: Bool { offset == 0 }

        public init(type: FrameType, flags: FrameFlags = [], payload: Payload, length: Int) {
            self.type = type
            self.flags = flags
            self.payload = payload
            self.length = length
        }
    }

    /// One frame to write: its data are the bytes `range` of the payload.
    public struct Chunk: Sendable {
        /// Of this frame.
        public let header: FrameHeader
        /// Where its bytes are.
        public let payload: Payload
        /// Which of them this frame carries.
        public let range: Range<Int>
        /// The message has been cut entirely.
        public let endsMessage: Bool
    }

    private var streams: [UInt32: FIFO<Message>] = [:]
    private var ready = FIFO<UInt32>()
    /// Streams whose next message waits for a window.
    private var blocked: Set<UInt32> = []
    /// Longest data of one frame; nil where messages may not be fragmented.
    public var maximumFrame: Int?

    /// Bytes queued and not yet cut.
    public private(set) var queuedBytes = 0
    /// Messages queued and not yet cut to their end.
    @usableFromInline var messageCount = 0
    @inlinable public var queuedMessages: Int { messageCount }

    public init(maximumFrame: Int?) {
        self.maximumFrame = maximumFrame
    }

    @inlinable public var isEmpty: Bool { messageCount == 0 }

    /// Whether messages of that stream wait.
    public func holds(_ streamID: UInt32) -> Bool { streams[streamID] != nil }

    /// Puts a message behind those of its stream.
    public mutating func enqueue(_ message: Message, on streamID: UInt32) {
        queuedBytes += message.length
        messageCount += 1
        if streams[streamID] == nil { ready.append(streamID) }
        streams[streamID, default: FIFO()].append(message)
    }

    /// The next frame that may be written.
    ///
    /// - Parameters:
    ///   - grant: asked before a Data frame is cut; says how many bytes the windows allow and charges them.
    ///   - gone: gets what is dropped because its stream has ended.
    public mutating func next(
        _ grant: (_ streamID: UInt32, _ remaining: Int) -> SendGrant, gone: ([Message]) -> Void
    ) -> Chunk? {
        // Ids of dropped streams stay in `ready` and are passed over here.
        while let id = ready.popFirst() {
            guard let message = streams[id]?.first else { continue }
            let remaining = message.length - message.offset
            guard message.type == .data else { return cut(id, message, min(remaining, maximumFrame(message))) }
            switch grant(id, remaining) {
            case .bytes(let count): return cut(id, message, count)
            case .streamBlocked, .connectionBlocked: blocked.insert(id)
            case .streamGone: gone(drop(id))
            }
        }
        return nil
    }

    /// HEADERS are never fragmented.
    private func maximumFrame(_ message: Message) -> Int {
        message.type == .headers ? message.length : maximumFrame ?? message.length
    }

    private mutating func cut(_ id: UInt32, _ message: Message, _ count: Int) -> Chunk {
        let end = message.offset + count
        let isLast = end == message.length
        queuedBytes -= count
        if isLast {
            messageCount -= 1
            _ = streams[id]?.popFirst()
            if streams[id]?.isEmpty == true { streams[id] = nil }
        } else {
            streams[id]?.first?.offset = end
        }
        if streams[id] != nil { ready.append(id) }
        return Chunk(
            header: FrameHeader(length: UInt32(count), streamID: id, type: message.type, flags: isLast ? message.flags : .more),
            payload: message.payload, range: message.offset..<end, endsMessage: isLast)
    }

    /// A window opened: messages held back by it may go on. 0 means the connection's, and after SETTINGS every stream's.
    public mutating func windowOpened(_ streamID: UInt32) {
        if streamID == 0 {
            for id in blocked.sorted() { ready.append(id) }
            blocked = []
        } else if blocked.remove(streamID) != nil {
            ready.append(streamID)
        }
    }

    /// Takes away what a stream still had to send, oldest first.
    public mutating func drop(_ streamID: UInt32) -> [Message] {
        guard let dropped = streams.removeValue(forKey: streamID)?.all else { return [] }
        for message in dropped { queuedBytes -= message.length - message.offset }
        messageCount -= dropped.count
        blocked.remove(streamID)
        return dropped
    }

    /// Takes away everything.
    public mutating func dropAll() -> [Message] {
        streams.keys.sorted().flatMap { drop($0) }
    }
}
