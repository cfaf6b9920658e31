import MeshWire

/// A client that follows the protocol, driven as `ClientConnection` drives its machine.
struct ClientEnd {
    struct Call {
        let streamsIn: Bool
        let streamsOut: Bool
        var finished = false
    }

    var machine: ClientStateMachine
    var end = End()
    var calls: [UInt32: Call] = [:]
    private let mode: WireMode
    /// The kinds of all calls ever made, which the server's handlers follow.
    private(set) var kinds: [UInt32: Call] = [:]
    /// A planted fault: messages thrown away are not credited.
    let losesCredit: Bool

    init(_ mode: WireMode, _ settings: Settings, losesCredit: Bool) {
        self.mode = mode
        self.losesCredit = losesCredit
        machine = ClientStateMachine(mode: mode, settings: settings)
        end.queue.maximumFrame = mode == .mesh ? Int(Settings.default.maximumDataFrame) : nil
    }

    mutating func open(streamsIn: Bool, streamsOut: Bool, _ length: Int) -> UInt32? {
        guard length <= Int(machine.peer.maximumMessageBytes), let id = machine.open(expectsData: streamsIn) else { return nil }
        let call = Call(streamsIn: streamsIn, streamsOut: streamsOut)
        calls[id] = call
        kinds[id] = call
        end.enqueue(.request, streamsOut ? [.remoteOpen, .noData] : streamsIn ? .remoteClosed : [], length, on: id)
        return id
    }

    mutating func send(_ id: UInt32, _ length: Int) {
        guard let call = calls[id], call.streamsOut, !call.finished, length <= Int(machine.peer.maximumMessageBytes) else { return }
        end.enqueue(.data, [], length, on: id)
    }

    mutating func finish(_ id: UInt32) {
        guard let call = calls[id], call.streamsOut, !call.finished else { return }
        calls[id]?.finished = true
        end.enqueue(.data, [.remoteClosed, .noData], 0, on: id)
    }

    mutating func cancel(_ id: UInt32) {
        guard calls[id] != nil else { return }
        if end.queue.drop(id).first.map({ $0.type == .request && $0.isUntouched }) ?? false {
            machine.forget(id)
        } else {
            machine.cancel(id, code: 1, reason: "")
        }
        over(id)
        discard(id)
    }

    /// The call has its answer, or never will.
    private mutating func over(_ id: UInt32) {
        calls[id] = nil
        _ = end.queue.drop(id)
        require(!machine.isOpen(id), "the stream of a call that is over is open")
    }

    private mutating func discard(_ id: UInt32) {
        while let charge = end.takeUnread(id) {
            if !losesCredit { machine.consumed(1, charge: charge, on: id) }
        }
    }

    mutating func read(_ id: UInt32) {
        if let charge = end.takeUnread(id) { machine.consumed(1, charge: charge, on: id) }
    }

    mutating func write(_ frames: Int, _ out: inout Direction, _ back: inout Direction) {
        let control = machine.takeControlFrames()
        require(mode == .mesh || control.isEmpty, "a client sends extension frames in baseline")
        back.noteCredit(control)
        for frame in control { out.send(.control(frame)) }
        for _ in 0..<frames {
            guard let chunk = end.queue.next({ machine.grant($0, remaining: $1) }, gone: { _ in }) else { return }
            out.send(.message(chunk.header))
        }
    }

    mutating func receive(_ frame: Wire) throws {
        switch try frame.read({ try machine.receive($0, $1) }) {
        case .none, .headers, .messagePart, .responsePart, .pong: break
        case .message(let id, let charge):
            guard calls[id] != nil else { return machine.consumed(1, charge: charge, on: id) }
            end.unread[id, default: []].append(charge)
        case .response(let id, _), .failed(let id, _): over(id)
        case .ended(let id, let charge):
            require(charge == nil, "this side never ends a stream with a message")
            over(id)
        case .windowOpened(let id):
            if id == 0 { end.queue.maximumFrame = Int(machine.peer.maximumDataFrame) }
            end.queue.windowOpened(id)
        case .goAway(let last, _):
            for id in machine.streams(above: last) {
                machine.forget(id)
                over(id)
                discard(id)
            }
        }
    }
}
