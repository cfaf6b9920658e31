import MeshWire

/// A frame under way between two state machines, which look at the data of control frames only.
enum Wire {
    case control(ControlFrame)
    case message(FrameHeader)
}

/// One direction of a connection: frames in flight, and what their Data costs and is credited.
struct Direction {
    private var frames: [Wire] = []
    private var head = 0
    /// Charges of the Data frames delivered.
    private(set) var charged = 0
    /// What the receiver's WINDOW_UPDATE frames gave back to the connection.
    private(set) var credited = 0

    var isEmpty: Bool { head == frames.count }

    mutating func send(_ frame: Wire) {
        frames.append(frame)
    }

    mutating func deliver() -> Wire? {
        guard head < frames.count else { return nil }
        defer { head += 1 }
        if case .message(let header) = frames[head], header.type == .data { charged += header.charge }
        return frames[head]
    }

    mutating func noteCredit(_ frames: [ControlFrame]) {
        for case .windowUpdate(streamID: 0, let increment) in frames { credited += Int(increment) }
    }
}

extension Wire {
    /// What a receiver's state machine gets.
    func read<Action>(_ body: (FrameHeader, UnsafeRawBufferPointer?) throws -> Action) rethrows -> Action {
        switch self {
        case .control(let frame):
            return try frame.encoded.withUnsafeBytes { raw in
                guard let header = FrameHeader(raw) else { return try body(FrameHeader(length: 0, streamID: 0, type: .data), nil) }
                return try body(header, UnsafeRawBufferPointer(rebasing: raw[FrameHeader.size...]))
            }
        case .message(let header):
            return try body(header, UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }
}

/// What one end keeps beside its state machine: messages on their way out, and messages that wait for their reader.
struct End {
    var queue = OutboundQueue<Ending>(maximumFrame: nil)
    var unread: [UInt32: [Int]] = [:]

    /// Whether a message's last frame ends its stream.
    enum Ending: Sendable { case goesOn, endsStream }

    mutating func enqueue(_ type: FrameType, _ flags: FrameFlags = [], _ length: Int, _ ending: Ending = .goesOn, on id: UInt32) {
        queue.enqueue(.init(type: type, flags: flags, payload: ending, length: length), on: id)
    }

    mutating func takeUnread(_ id: UInt32) -> Int? {
        guard let first = unread[id]?.first else { return nil }
        unread[id]?.removeFirst()
        return first
    }
}
