internal import Logging
internal import MeshMessages
internal import MeshWire
internal import NIOCore

/// Answers going out.
extension ServerConnection {
    /// The handler's reply has not been written yet.
    func succeed(_ call: ServerCall) {
        switch call.reply {
        case .none, .sent: break
        case .bytes(let bytes): send(ReplyBytes.packed(bytes), of: call)
        case .later(let pack):
            do {
                try pack { self.succeed(call, with: $0) }
            } catch {
                cannotWrite(error)
                let isTooLong = (error as? MessageError)?.reason == .tooLong
                answer(call.streamID, isTooLong ? .replyTooLong : RPCError(.internalError, Dispatcher.internalMessage))
            }
        }
    }

    /// Sends the reply as the handler gives it.
    func send(_ message: PreparedMessage, of call: ServerCall) {
        call.reply = .sent
        // The caller may have gone while the handler ran.
        if !call.isOver { succeed(call, with: message) }
    }

    private func succeed(_ call: ServerCall, with message: PreparedMessage) {
        send(.prepared(message), of: call)
    }

    private func send(_ reply: ReplyBytes, of call: ServerCall) {
        do throws(RPCError) {
            try sendHeaders(call)
            guard call.descriptor.givesOneMessage || machine.mode == .mesh else { return endBaselineStream(call.streamID) }
            let trailers = machine.mode == .mesh ? call.responseIfMade?.trailing ?? [:] : [:]
            guard reply.byteCount <= Int(machine.peer.maximumMessageBytes) else { throw .replyTooLong }
            guard !trailers.isEmpty else { return try sendPlain(reply, of: call) }
            try check(trailers)
            send(MeshV1.Response(payload: reply.array, trailers: trailers.keyValues), flags: flags(of: call), on: call.streamID)
        } catch {
            answer(call.streamID, error)
        }
    }

    private func flags(of call: ServerCall) -> FrameFlags { call.descriptor.givesOneMessage ? [] : statusOnly }

    private func sendPlain(_ reply: ReplyBytes, of call: ServerCall) throws(RPCError) {
        let id = call.streamID, length = ResponseEnvelope.plainSize(payload: reply.byteCount)
        guard length <= Int(machine.peer.maximumMessageBytes) else { throw .replyTooLong }
        let write = { (memory: UnsafeMutableRawBufferPointer) in
            ResponseEnvelope.writePlain(payload: reply.byteCount, to: memory) { reply.write(to: $0) }
        }
        guard !transport.sendNow(.response, flags: flags(of: call), length: length, on: id, endsStream: true, for: self, write) else { return }
        var bytes = ByteBufferAllocator().buffer(capacity: length)
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { memory in
            write(UnsafeMutableRawBufferPointer(rebasing: memory[..<length]))
            return length
        }
        enqueue(.response, flags: flags(of: call), .init(bytes: bytes, waiter: nil, endsStream: true), on: id)
    }

    private func endBaselineStream(_ id: UInt32) {
        send(.data, flags: [.remoteClosed, .noData], ByteBuffer(), on: id)
    }

    private var statusOnly: FrameFlags { machine.mode == .mesh ? .statusOnly : [] }

    /// Ends a stream with a status that is not OK.
    ///
    /// - Parameter ends: false when the status answers a frame that does not belong to the stream open under this id.
    func answer(_ id: UInt32, _ error: RPCError, trailers: Metadata = [:], domain: String = "", ends: Bool = true) {
        var all = trailers
        for entry in error.trailers.entries { all.append(entry.value, for: entry.key) }
        let fits = machine.mode == .mesh && all.byteCount <= Int(machine.peer.maximumMetadataBytes)
        let response = MeshV1.Response(status: error.status(domain: domain), trailers: fits ? all.keyValues : [])
        send(response, flags: statusOnly, on: id, ends: ends)
    }

    private func send(_ response: MeshV1.Response, flags: FrameFlags, on id: UInt32, ends: Bool = true) {
        let replacement: RPCError
        do throws(MessageError) {
            guard try !sendIfItFits(response, flags: flags, on: id, ends: ends) else { return }
            replacement = .replyTooLong
        } catch {
            // Besides its length: a text with U+0000 in it, or a reply beyond protobuf's other limits.
            if error.reason != .tooLong { cannotWrite(error) }
            replacement = error.reason == .tooLong ? .replyTooLong : RPCError(.internalError, Dispatcher.internalMessage)
        }
        // Once: a peer may have said that it takes no message of even that length.
        let instead = MeshV1.Response(status: replacement.status(domain: ""))
        guard (try? sendIfItFits(instead, flags: statusOnly, on: id, ends: ends)) != true else { return }
        transport.fail(ConnectionFailure(.protocolError, "setting 1 leaves no room for a status"))
    }

    /// False where it is longer than what the peer takes: nothing is sent then.
    private func sendIfItFits(_ response: MeshV1.Response, flags: FrameFlags, on id: UInt32, ends: Bool) throws(MessageError) -> Bool {
        let bytes = ByteBuffer(bytes: try response.packed())
        guard bytes.readableBytes <= Int(machine.peer.maximumMessageBytes) else { return false }
        send(.response, flags: flags, bytes, on: id, ends: ends)
        return true
    }

    private func cannotWrite(_ error: any Error) {
        dispatcher.logger.error("an answer cannot be written", metadata: ["cause": "\(error)", "peer": "\(scope.peer.name)"])
    }

    private func send(_ type: FrameType, flags: FrameFlags, _ bytes: ByteBuffer, on id: UInt32, ends: Bool = true) {
        guard !transport.sendNow(type, flags: flags, bytes, on: id, endsStream: ends, for: self) else { return }
        enqueue(type, flags: flags, .init(bytes: bytes, waiter: nil, endsStream: ends), on: id)
    }

    /// Queues a message, unless the peer leaves too many unread: what frames are free for it must not fill this side's memory.
    private func enqueue(_ type: FrameType, flags: FrameFlags = [], _ payload: FrameTransport.Payload, on id: UInt32) {
        transport.enqueue(type, flags: flags, payload, on: id)
        if payload.endsStream {
            machine.readNoMore(on: id)
            giveRoomBack()
        }
        let limits = transport.limits
        guard transport.queuedBytes > limits.maximumUnreadBytes || transport.queuedMessages > limits.maximumUnreadMessages else { return }
        transport.fail(ConnectionFailure(.enhanceYourCalm, "answers are not read"))
    }

    private func check(_ metadata: Metadata) throws(RPCError) {
        guard metadata.byteCount <= Int(machine.peer.maximumMetadataBytes) else {
            throw RPCError(.resourceExhausted, "The response metadata is too long.", reason: "METADATA_TOO_LONG")
        }
    }

    /// Sends the metadata that the handler set, before the first message.
    private func sendHeaders(_ call: ServerCall) throws(RPCError) {
        guard !call.headersSent else { return }
        guard machine.mode == .mesh, let metadata = call.responseIfMade?.initial, !metadata.isEmpty else {
            return call.headersSent = true
        }
        try check(metadata)
        call.headersSent = true
        do throws(MessageError) {
            let bytes = ByteBuffer(bytes: try MeshV1.Headers(metadata: metadata.keyValues).packed())
            enqueue(.headers, .init(bytes: bytes, waiter: nil), on: call.streamID)
        } catch {
            throw RPCError(.internalError, Dispatcher.internalMessage, cause: error)
        }
    }

    // MARK: Stream messages

    /// Sends a message now if nothing holds it back; false when it must be enqueued.
    ///
    /// - Throws: `RPCError` when the call is over or the message too long.
    func sendNow(_ message: ByteBuffer, on call: ServerCall) throws(RPCError) -> Bool {
        try prepare(message.readableBytes, on: call)
        return transport.sendNow(.data, message, on: call.streamID, for: self)
    }

    /// Packs a message where it leaves from, if nothing holds it back; false when it must be packed and enqueued.
    ///
    /// - Throws: `RPCError` when the call is over or the message too long.
    func sendNow(_ message: PreparedMessage, on call: ServerCall) throws(RPCError) -> Bool {
        try prepare(message.byteCount, on: call)
        return transport.sendNow(.data, length: message.byteCount, on: call.streamID, for: self) { message.write(to: $0) }
    }

    func enqueue(_ message: ByteBuffer, on call: ServerCall, _ waiter: UnsafeContinuation<Void, any Error>) {
        do throws(RPCError) {
            try prepare(message.readableBytes, on: call)
            enqueue(.data, .init(bytes: message, waiter: waiter), on: call.streamID)
        } catch {
            waiter.resume(throwing: error)
        }
    }

    private func prepare(_ byteCount: Int, on call: ServerCall) throws(RPCError) {
        guard !call.isOver else { throw call.over ?? RPCError(.cancelled, "The caller is gone.") }
        guard byteCount <= Int(machine.peer.maximumMessageBytes) else { throw .replyTooLong }
        try sendHeaders(call)
    }
}

/// A reply about to be written.
private enum ReplyBytes {
    case prepared(PreparedMessage)
    case packed(ByteBuffer)

    var byteCount: Int {
        switch self {
        case .prepared(let message): message.byteCount
        case .packed(let bytes): bytes.readableBytes
        }
    }

    /// - Parameter memory: `byteCount` bytes.
    func write(to memory: UnsafeMutableRawBufferPointer) {
        switch self {
        case .prepared(let message): message.write(to: memory)
        case .packed(let bytes): bytes.withUnsafeReadableBytes { memory.copyMemory(from: $0) }
        }
    }

    var array: [UInt8] { [UInt8](byteCount: byteCount) { write(to: $0) } }
}

extension RPCError {
    static var replyTooLong: RPCError {
        RPCError(.resourceExhausted, "The reply is too long.", reason: "REPLY_TOO_LONG")
    }
}
