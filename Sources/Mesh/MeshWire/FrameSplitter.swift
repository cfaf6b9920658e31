/// Cuts a byte stream into frames, however the bytes arrive. Keeps at most one incomplete frame.
public struct FrameSplitter: Sendable {
    private let mode: WireMode
    private let maximumDataFrame: Int
    private let maximumHeadersFrame: Int
    private var pending: [UInt8] = []
    private var pendingHeader: FrameHeader?
    private var toDiscard = 0
    /// An unfinished frame of this length is held without a word: mesh mode has no longer ones unless setting 8 allows them.
    private static let usualFrame = FrameHeader.size + Int(Settings.default.maximumDataFrame)
    /// Frames seen so far; with `holdsPartialFrame` it tells whether the same frame is still incomplete.
    public private(set) var framesSeen = 0

    /// - Parameter settings: what this side announced. The peer may use the defaults until it has read that.
    public init(mode: WireMode, settings: Settings) {
        self.mode = mode
        maximumDataFrame = Int(max(settings.maximumDataFrame, Settings.default.maximumDataFrame))
        maximumHeadersFrame = Int(max(settings.maximumMetadataBytes, Settings.default.maximumMetadataBytes)) + WireLimits.envelopeAllowance
    }

    /// True while bytes of an unfinished frame have arrived.
    public var holdsPartialFrame: Bool { !pending.isEmpty || toDiscard > 0 }

    /// Memory that an unfinished frame takes, in bytes, where that is more than a usual frame has; otherwise 0. At most a read's length and then twice
    /// what has come of the frame, and not more than the frame will have.
    public var heldBytes: Int { pending.count > Self.usualFrame ? pending.capacity : 0 }

    /// The connection is over: the unfinished frame will never be whole.
    public mutating func forgetPartialFrame() {
        pending = []
        pendingHeader = nil
        toDiscard = 0
    }

    /// Calls `body` for each frame that `bytes` completes. The data pointer is valid during that call only; it is nil for a baseline
    /// frame above the size limit, whose data is skipped.
    ///
    /// - Throws: `ConnectionFailure` for a length that no valid frame has; what `body` throws.
    public mutating func split(
        _ bytes: UnsafeRawBufferPointer, _ body: (FrameHeader, UnsafeRawBufferPointer?) throws(ConnectionFailure) -> Void
    ) throws(ConnectionFailure) {
        var rest = bytes
        repeat {
            if toDiscard > 0 {
                discard(&rest)
            } else if pending.isEmpty {
                try splitInPlace(&rest, body)
            } else {
                try completePending(&rest, body)
            }
        } while !rest.isEmpty
    }

    private mutating func discard(_ rest: inout UnsafeRawBufferPointer) {
        let count = min(toDiscard, rest.count)
        toDiscard -= count
        rest.drop(count)
    }

    /// Whole frames are handed out from the caller's memory; the tail is kept.
    private mutating func splitInPlace(
        _ rest: inout UnsafeRawBufferPointer, _ body: (FrameHeader, UnsafeRawBufferPointer?) throws(ConnectionFailure) -> Void
    ) throws(ConnectionFailure) {
        while let header = FrameHeader(rest) {
            guard try accepts(header) else { return try skip(header, &rest, headerBytes: FrameHeader.size, body) }
            let end = FrameHeader.size + Int(header.length)
            guard rest.count >= end else {
                pendingHeader = header
                break
            }
            framesSeen &+= 1
            try body(header, UnsafeRawBufferPointer(rebasing: rest[FrameHeader.size..<end]))
            rest.drop(end)
        }
        pending.append(contentsOf: rest)
        rest.drop(rest.count)
    }

    private mutating func completePending(
        _ rest: inout UnsafeRawBufferPointer, _ body: (FrameHeader, UnsafeRawBufferPointer?) throws(ConnectionFailure) -> Void
    ) throws(ConnectionFailure) {
        if pendingHeader == nil {
            take(FrameHeader.size - pending.count, from: &rest)
            guard let header = pending.withUnsafeBytes({ FrameHeader($0) }) else { return }
            guard try accepts(header) else {
                pending.removeAll(keepingCapacity: true)
                return try skip(header, &rest, headerBytes: 0, body)
            }
            pendingHeader = header
        }
        guard let header = pendingHeader else { return }
        take(FrameHeader.size + Int(header.length) - pending.count, from: &rest)
        guard pending.count == FrameHeader.size + Int(header.length) else { return }
        try deliverPending(header, body)
    }

    private mutating func deliverPending(
        _ header: FrameHeader, _ body: (FrameHeader, UnsafeRawBufferPointer?) throws(ConnectionFailure) -> Void
    ) throws(ConnectionFailure) {
        framesSeen &+= 1
        pendingHeader = nil
        let frame = pending
        pending = []
        try frame.withUnsafeBufferPointer { bytes throws(ConnectionFailure) in
            try body(header, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[FrameHeader.size...]))
        }
    }

    private mutating func take(_ count: Int, from rest: inout UnsafeRawBufferPointer) {
        let taken = min(count, rest.count)
        guard taken > 0 else { return }
        if pending.count + taken > max(pending.capacity, Self.usualFrame) { grow(by: taken, of: count) }
        pending.append(contentsOf: rest.prefix(taken))
        rest.drop(taken)
    }

    /// Of a long frame as much memory is taken as it needs, but not before bytes have come for half of that: a header alone costs its sender nothing.
    private mutating func grow(by count: Int, of missing: Int) {
        pending.reserveCapacity(min(pending.count + missing, max(pending.count + count, 2 * pending.count)))
    }

    private mutating func skip(
        _ header: FrameHeader, _ rest: inout UnsafeRawBufferPointer, headerBytes: Int,
        _ body: (FrameHeader, UnsafeRawBufferPointer?) throws(ConnectionFailure) -> Void
    ) throws(ConnectionFailure) {
        framesSeen &+= 1
        toDiscard = Int(header.length)
        rest.drop(headerBytes)
        try body(header, nil)
    }

    /// False for a frame whose data must be skipped.
    private func accepts(_ header: FrameHeader) throws(ConnectionFailure) -> Bool {
        guard header.length <= WireLimits.maximumFrameLength else {
            throw ConnectionFailure(.frameSizeError, "the bytes are not frames: a length of \(header.length)")
        }
        if mode == .baseline { return header.length <= WireLimits.maximumMessageBytes }
        guard header.length <= limit(of: header.type) else {
            throw ConnectionFailure(.frameSizeError, "a frame of type \(header.type.rawValue) with \(header.length) bytes")
        }
        return true
    }

    private func limit(of type: FrameType) -> Int {
        switch type {
        case .ping, .pong, .settings, .cancel, .windowUpdate, .goAway: WireLimits.maximumControlBytes
        case .headers: maximumHeadersFrame
        default: maximumDataFrame
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate mutating func drop(_ count: Int) {
        self = UnsafeRawBufferPointer(rebasing: self[count...])
    }
}
