import MeshWire

/// A server that follows the protocol, driven as `ServerConnection` drives its machine.
struct ServerEnd {
    struct Handler {
        let streamsOut: Bool
        /// The caller is gone, or was answered without it.
        var isOver = false
    }

    var machine: ServerStateMachine
    var end = End()
    /// Handlers that have not returned.
    var handlers: [UInt32: Handler] = [:]
    private let mode: WireMode
    /// Streams on which the answer has not begun.
    private var sentNothing: Set<UInt32> = []
    /// Streams whose handlers have returned and whose answers are not written.
    private var answering: Set<UInt32> = []

    init(_ mode: WireMode, _ settings: Settings) {
        self.mode = mode
        machine = ServerStateMachine(mode: mode, settings: settings)
        end.queue.maximumFrame = mode == .mesh ? Int(Settings.default.maximumDataFrame) : nil
    }

    mutating func send(_ id: UInt32, _ length: Int) {
        guard let handler = handlers[id], handler.streamsOut, !handler.isOver, length <= Int(machine.peer.maximumMessageBytes) else { return }
        end.enqueue(.data, [], length, on: id)
    }

    mutating func giveHeaders(_ id: UInt32) {
        guard mode == .mesh, let handler = handlers[id], !handler.isOver, !end.queue.holds(id), sentNothing.contains(id) else { return }
        sentNothing.remove(id)
        end.enqueue(.headers, [], 20, on: id)
    }

    mutating func handlerReturns(_ id: UInt32, fails: Bool, _ length: Int) {
        guard let handler = handlers.removeValue(forKey: id) else { return }
        machine.handlerReturned()
        if !handler.isOver { answer(id, handler, fails: fails, min(length, Int(machine.peer.maximumMessageBytes))) }
        while let charge = end.takeUnread(id) { machine.consumed(1, charge: charge, on: id) }
    }

    private mutating func answer(_ id: UInt32, _ handler: Handler, fails: Bool, _ length: Int) {
        answering.insert(id)
        if handler.streamsOut, !fails, mode == .baseline {
            end.enqueue(.data, [.remoteClosed, .noData], 0, .endsStream, on: id)
        } else {
            let statusOnly = mode == .mesh && (fails || handler.streamsOut)
            end.enqueue(.response, statusOnly ? .statusOnly : [], statusOnly ? min(10, length) : length, .endsStream, on: id)
        }
    }

    mutating func read(_ id: UInt32) {
        if let charge = end.takeUnread(id) { machine.consumed(1, charge: charge, on: id) }
    }

    mutating func write(_ frames: Int, _ out: inout Direction, _ back: inout Direction) {
        let control = machine.takeControlFrames()
        require(mode == .mesh || control.isEmpty, "a server sends extension frames in baseline")
        back.noteCredit(control)
        for frame in control { out.send(.control(frame)) }
        for _ in 0..<frames {
            guard let chunk = end.queue.next({ machine.grant($0, remaining: $1) }, gone: { _ in }) else { return }
            sentNothing.remove(chunk.header.streamID)
            out.send(.message(chunk.header))
            guard chunk.endsMessage, chunk.payload == .endsStream else { continue }
            answering.remove(chunk.header.streamID)
            machine.answered(chunk.header.streamID)
        }
    }

    mutating func receive(_ frame: Wire, kind: (UInt32) -> Bool) throws {
        switch try frame.read({ try machine.receive($0, $1) }) {
        case .none, .requestPart, .messagePart, .halfClosed: break
        case .request(let id, _):
            require(handlers[id] == nil, "a stream begins twice")
            handlers[id] = Handler(streamsOut: kind(id))
            sentNothing.insert(id)
        case .message(let id, let charge, _):
            guard let handler = handlers[id], !handler.isOver else { return machine.consumed(1, charge: charge, on: id) }
            end.unread[id, default: []].append(charge)
        case .cancelled(let id, _): abandon(id)
        case .reject(let id, let rejection, let ends): try reject(id, rejection, ends)
        case .windowOpened(let id):
            if id == 0 { end.queue.maximumFrame = Int(machine.peer.maximumDataFrame) }
            end.queue.windowOpened(id)
        case .pong(let value):
            if value == ServerStateMachine.drainPing { try finishDrain() }
        }
        require(machine.openStreams <= machine.busySlots + answering.count, "an open stream without a slot or an answer")
        require(machine.busySlots >= handlers.count, "\(handlers.count) handlers run in \(machine.busySlots) slots")
    }

    mutating func finishDrain() throws {
        for id in machine.finishDrain() { try reject(id, .draining, true) }
    }

    private mutating func reject(_ id: UInt32, _ rejection: StreamRejection, _ ends: Bool) throws {
        if ends { abandon(id) }
        end.enqueue(.response, mode == .mesh ? .statusOnly : [], 10, ends ? .endsStream : .goesOn, on: id)
        try machine.refusedRequest()
    }

    private mutating func abandon(_ id: UInt32) {
        _ = end.queue.drop(id)
        answering.remove(id)
        handlers[id]?.isOver = true
        while let charge = end.takeUnread(id) { machine.consumed(1, charge: charge, on: id) }
    }
}
