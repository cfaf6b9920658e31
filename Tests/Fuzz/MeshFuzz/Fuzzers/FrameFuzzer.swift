import MeshWire

/// Raw bytes into the splitter, and its frames into both ends' state machines.
///
/// Pieces of any size must give the same frames and the same end as the whole; machines may fail but not trap; a server's open streams
/// hold slots, and all of them are free once every handler has returned.
enum FrameFuzzer {
    private struct Seen: Equatable {
        var frames: [FrameHeader] = []
        var data: [[UInt8]?] = []
        var failure: ConnectionFailure?
    }

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var script = Script(bytes)
        let options = script.byte()
        let mode: WireMode = options & 1 == 0 ? .mesh : .baseline
        let piece = [1, 2, 7, 64, 1000][Int(options >> 2) % 5]
        var stream = script.remaining()
        if mode == .mesh, options & 2 != 0 { stream = ControlFrame.settings(.default).encoded + stream }

        let whole = split(stream, mode, piece: max(1, stream.count))
        require(whole == split(stream, mode, piece: piece), "pieces of \(piece) give other frames than the whole")
        serve(whole, mode)
        call(whole, mode)
    }

    private static func split(_ stream: [UInt8], _ mode: WireMode, piece: Int) -> Seen {
        var seen = Seen()
        var splitter = FrameSplitter(mode: mode, settings: .default)
        var rest = stream[...]
        while !rest.isEmpty, seen.failure == nil {
            let next = rest.prefix(piece)
            rest = rest.dropFirst(piece)
            next.withUnsafeBytes { raw in
                do throws(ConnectionFailure) {
                    try splitter.split(raw) { header, data throws(ConnectionFailure) in
                        seen.frames.append(header)
                        seen.data.append(data.map { [UInt8]($0) })
                        require(data == nil || data?.count == Int(header.length), "data of another length than the header's")
                    }
                } catch {
                    seen.failure = error
                }
            }
        }
        require(splitter.framesSeen == seen.frames.count, "frames are miscounted")
        return seen
    }

    private static func serve(_ seen: Seen, _ mode: WireMode) {
        var server = ServerStateMachine(mode: mode)
        var running: [UInt32] = []
        for (header, data) in zip(seen.frames, seen.data) {
            guard let action = try? receive(header, data, { try server.receive($0, $1) }) else { break }
            switch action {
            case .request(let id, _): running.append(id)
            case .message(let id, let charge, _): server.consumed(1, charge: charge, on: id)
            default: break
            }
            require(server.openStreams <= server.busySlots, "\(server.openStreams) open streams hold \(server.busySlots) slots")
            require(server.busySlots <= Int(server.local.maximumConcurrentStreams), "more slots than announced")
            check(server.takeControlFrames(), mode)
        }
        for id in running {
            _ = server.grant(id, remaining: 100)
            server.answered(id)
            server.handlerReturned()
        }
        server.beginDrain()
        _ = server.finishDrain()
        require(server.busySlots == 0 && server.openStreams == 0 && server.isDrained, "slots are taken after the last handler returned")
    }

    private static func call(_ seen: Seen, _ mode: WireMode) {
        var client = ClientStateMachine(mode: mode)
        for index in 0..<6 { _ = client.open(expectsData: index.isMultiple(of: 2)) }
        for (header, data) in zip(seen.frames, seen.data) {
            guard let action = try? receive(header, data, { try client.receive($0, $1) }) else { break }
            switch action {
            case .message(let id, let charge): client.consumed(1, charge: charge, on: id)
            case .goAway(let last, _): for id in client.streams(above: last) { client.forget(id) }
            case .response(let id, _), .ended(let id, _), .failed(let id, _): require(!client.isOpen(id), "an ended stream is open")
            default: break
            }
            check(client.takeControlFrames(), mode)
        }
        require((0...12).filter { client.isOpen(UInt32($0)) }.count == client.openStreams, "open streams are miscounted")
        for id in stride(from: UInt32(1), through: 11, by: 2) { client.cancel(id, code: 1, reason: "") }
        require(client.openStreams == 0, "streams are open after all were cancelled")
    }

    private static func receive<Action>(
        _ header: FrameHeader, _ data: [UInt8]?, _ body: (FrameHeader, UnsafeRawBufferPointer?) throws -> Action
    ) throws -> Action {
        guard let data else { return try body(header, nil) }
        return try data.withUnsafeBytes { try body(header, $0) }
    }

    /// What this side would send reads back as it was; in baseline it sends nothing of the kind.
    private static func check(_ frames: [ControlFrame], _ mode: WireMode) {
        require(mode == .mesh || frames.isEmpty, "an extension frame in baseline")
        for frame in frames {
            let bytes = frame.encoded
            bytes.withUnsafeBytes { raw in
                guard let header = FrameHeader(raw) else { return require(false, "a frame shorter than its header") }
                let read = try? ControlFrame(header, UnsafeRawBufferPointer(rebasing: raw[FrameHeader.size...]))
                require(read == frame, "\(frame) reads back as \(String(describing: read))")
            }
        }
    }
}
