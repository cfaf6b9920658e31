internal import MeshMessages
internal import MeshWire
internal import NIOCore

/// A call that has been sent and whose answer is read from its buffer.
struct OpenCall: Sendable {
    let call: ClientCall
    let buffer: MessageBuffer
    let connection: ClientConnection
    let giveUp: @Sendable () -> Void

    var requests: RequestSink { RequestSink(ConnectionRequests(call: call, connection: connection)) }
}

extension ReplyStream {
    init(_ open: OpenCall) {
        self.init(open.buffer, cancel: open.giveUp, metadata: open.call.response ?? ResponseMetadata())
    }
}

/// Where a client's stream messages go: its connection.
private struct ConnectionRequests: RequestReceiver {
    let call: ClientCall
    let connection: ClientConnection

    func send(_ message: ByteBuffer) async throws {
        let loop = connection.loop
        if loop.inEventLoop, try connection.sendNow(message, on: call) { return }
        try await waiting { connection.enqueue(message, on: call, $0) }
    }

    func send<Message: MeshMessage>(_ message: Message) async throws {
        if connection.loop.inEventLoop {
            let sent = try message.withPrepared { prepared in
                Result { () throws(RPCError) in try connection.sendNow(prepared, on: call) }
            }
            if try sent.get() { return }
        }
        try await send(ByteBuffer(packing: message))
    }

    func finish() async throws {
        do {
            try await waiting { connection.finishRequests(of: call, $0) }
        } catch let error as RPCError where error.reason == RPCError.callEndedReason {
            // The server answered before this could leave.
        }
    }

    /// A cancelled task gives the whole call up, so a full window does not hold it.
    private func waiting(_ body: @escaping @Sendable (UnsafeContinuation<Void, any Error>) -> Void) async throws {
        let loop = connection.loop
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (waiter: UnsafeContinuation<Void, any Error>) in
                if loop.inEventLoop { body(waiter) } else { loop.execute { body(waiter) } }
            }
        } onCancel: {
            loop.execute { connection.cancel(call, .callCancelled) }
        }
    }
}

extension RPCError {
    /// `reason` of the CANCELLED that a client gets which sends on when its call has ended well.
    fileprivate static let callEndedReason = "CALL_ENDED"
}

extension ClientCall {
    /// What a client that still sends on this call is told.
    var over: RPCError {
        failure ?? RPCError(.cancelled, "The server has ended the call: read its answer.", reason: RPCError.callEndedReason)
    }
}

/// Messages that a client streams.
extension ClientConnection {
    /// Sends a message now if nothing holds it back; false when it must be enqueued.
    ///
    /// - Throws: `RPCError` when the call is over or the message too long.
    fileprivate func sendNow(_ message: ByteBuffer, on call: ClientCall) throws(RPCError) -> Bool {
        transport.sendNow(.data, message, on: try stream(of: call, message.readableBytes), for: self)
    }

    /// Packs a message where it leaves from, if nothing holds it back; false when it must be packed and enqueued.
    ///
    /// - Throws: `RPCError` when the call is over or the message too long.
    fileprivate func sendNow(_ message: PreparedMessage, on call: ClientCall) throws(RPCError) -> Bool {
        let id = try stream(of: call, message.byteCount)
        return transport.sendNow(.data, length: message.byteCount, on: id, for: self) { message.write(to: $0) }
    }

    fileprivate func enqueue(_ message: ByteBuffer, on call: ClientCall, _ waiter: UnsafeContinuation<Void, any Error>) {
        do throws(RPCError) {
            let id = try stream(of: call, message.readableBytes)
            transport.enqueue(.data, .init(bytes: message, waiter: waiter), on: id)
        } catch {
            waiter.resume(throwing: error)
        }
    }

    private func stream(of call: ClientCall, _ byteCount: Int) throws(RPCError) -> UInt32 {
        guard !call.isOver, let id = call.streamID else { throw call.over }
        guard !call.requestsFinished else {
            throw RPCError(.failedPrecondition, "No message can follow the last one.", reason: "REQUESTS_FINISHED")
        }
        guard byteCount <= Int(machine.peer.maximumMessageBytes) else { throw .requestTooLong }
        return id
    }

    /// Ends the client's half, after what is queued. Doing so twice, or after the call's end, is no error.
    fileprivate func finishRequests(of call: ClientCall, _ waiter: UnsafeContinuation<Void, any Error>) {
        guard !call.isOver, !call.requestsFinished, let id = call.streamID else { return waiter.resume() }
        call.requestsFinished = true
        let payload = FrameTransport.Payload(bytes: ByteBuffer(), waiter: waiter)
        transport.enqueue(.data, flags: [.remoteClosed, .noData], payload, on: id)
    }
}
