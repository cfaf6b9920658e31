internal import Logging
internal import MeshMessages
internal import MeshWire
internal import NIOCore

/// The life of one call.
extension ServerConnection {
    func begin(_ id: UInt32, _ request: MeshV1.Request, _ flags: FrameFlags) throws(ConnectionFailure) {
        do throws(RPCError) {
            try run(try admit(id, request, flags), ByteBuffer(bytes: request.payload))
        } catch {
            try refuse(id, error)
        }
    }

    /// Answers a Request whose handler does not begin.
    func refuse(_ id: UInt32, _ error: RPCError) throws(ConnectionFailure) {
        machine.handlerReturned()
        answer(id, error)
        try machine.refusedRequest()
    }

    private func admit(_ id: UInt32, _ request: MeshV1.Request, _ flags: FrameFlags) throws(RPCError) -> ServerCall {
        guard let method = dispatcher.method(request.service, request.method) else {
            dispatcher.refusedUnknown(request.service, request.method, peer)
            throw RPCError(.unimplemented, "There is no such method here.", reason: "NO_SUCH_METHOD")
        }
        guard isOfKind(method.descriptor.kind, flags) else {
            throw RPCError(.unimplemented, "\(method.descriptor.path) is not of the kind that was called.", reason: "WRONG_KIND")
        }
        let metadata = Metadata(request.metadata)
        guard metadata.byteCount <= Int(machine.local.maximumMetadataBytes) else {
            throw RPCError(.resourceExhausted, "The metadata is too long.", reason: "METADATA_TOO_LONG")
        }
        let deadline = try deadline(request.timeoutNano, method.descriptor.policy)
        return ServerCall(streamID: id, method: method, metadata: metadata, deadline: deadline)
    }

    /// Whether the caller takes the method for what it is. A stock ttrpc server asks its own table only, so in baseline what
    /// matters is that no client stream is expected.
    private func isOfKind(_ kind: MethodDescriptor.Kind, _ flags: FrameFlags) -> Bool {
        guard !flags.contains(.remoteOpen) else { return false }
        return machine.mode == .baseline || flags.contains(.remoteClosed) == (kind == .serverStreaming)
    }

    /// The caller's time counts from here; without one the method's default does.
    private func deadline(_ timeoutNano: Int64, _ policy: MethodPolicy) throws(RPCError) -> ContinuousClock.Instant {
        guard timeoutNano >= 0 else { throw RPCError(.deadlineExceeded, "The call's time was over when it came.") }
        let timeout = timeoutNano == 0 ? policy.defaultDeadline : .nanoseconds(timeoutNano)
        return .now + min(timeout, transport.limits.maximumDeadline)
    }

    private func run(_ call: ServerCall, _ message: ByteBuffer) throws(RPCError) {
        guard transport.queuedBytes <= transport.limits.maximumOutboundBytes else {
            throw RPCError(.resourceExhausted, "Too many answers wait for this peer.", reason: "SLOW_READER")
        }
        calls[call.streamID] = call
        arm(call.deadline)
        let task = Task.immediate(executorPreference: transport.executor) { [self] in
            let outcome = await serve(call, message)
            if loop.inEventLoop { finish(call, outcome) } else { loop.execute { self.finish(call, outcome) } }
        }
        // A handler that never waited has already been answered.
        if !call.isOver { call.task = task }
    }

    private func serve(_ call: ServerCall, _ message: ByteBuffer) async -> Result<ByteBuffer, RPCError> {
        do throws(RPCError) {
            return .success(
                try await dispatcher.serve(
                    call.method, message, from: peer, metadata: call.metadata, deadline: call.deadline, response: call.response,
                    sink: ServerCallSink(call: call, connection: self)))
        } catch {
            return .failure(error)
        }
    }

    private func finish(_ call: ServerCall, _ outcome: Result<ByteBuffer, RPCError>) {
        machine.handlerReturned()
        defer { closeIfDrained() }
        guard !call.isOver else { return }
        call.isOver = true
        calls[call.streamID] = nil
        switch outcome {
        case .success(let reply): succeed(call, reply)
        case .failure(let error): answer(call.streamID, error, trailers: call.response.trailing, domain: call.method.descriptor.service)
        }
    }

    // MARK: Answers

    private func succeed(_ call: ServerCall, _ reply: ByteBuffer) {
        let id = call.streamID
        let isUnary = call.method.descriptor.kind == .unary
        guard reply.readableBytes <= Int(machine.peer.maximumMessageBytes) else { return answer(id, .replyTooLong) }
        do throws(RPCError) {
            try sendHeaders(call)
            guard isUnary || machine.mode == .mesh else { return endBaselineStream(id) }
            let trailers = call.response.trailing
            try check(trailers)
            let response = MeshV1.Response(
                payload: [UInt8](reply.readableBytesView), trailers: machine.mode == .mesh ? trailers.keyValues : [])
            send(response, flags: isUnary ? [] : statusOnly, on: id)
        } catch {
            answer(id, error)
        }
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
        do throws(MessageError) {
            let bytes = ByteBuffer(bytes: try response.packed())
            guard bytes.readableBytes <= Int(machine.peer.maximumMessageBytes) else { return answer(id, .replyTooLong) }
            send(.response, flags: flags, bytes, on: id, ends: ends)
        } catch {
            if error.reason == .tooLong { return answer(id, .replyTooLong) }
            // A text with U+0000 in it, or a reply beyond protobuf's other limits.
            let fallback = MeshV1.Response(status: RPCError(.internalError, Dispatcher.internalMessage).status(domain: ""))
            guard response != fallback else { return transport.fail(ConnectionFailure(.internalError, "a status cannot be written")) }
            dispatcher.logger.error("an answer cannot be written", metadata: ["cause": "\(error)", "peer": "\(peer.name)"])
            send(fallback, flags: statusOnly, on: id, ends: ends)
        }
    }

    private func send(_ type: FrameType, flags: FrameFlags, _ bytes: ByteBuffer, on id: UInt32, ends: Bool = true) {
        guard !transport.sendNow(type, flags: flags, bytes, on: id, endsStream: ends) else { return }
        enqueue(type, flags: flags, .init(bytes: bytes, waiter: nil, endsStream: ends), on: id)
    }

    /// Queues a message, unless the peer leaves too many unread: what frames are free for it must not fill this side's memory.
    private func enqueue(_ type: FrameType, flags: FrameFlags = [], _ payload: FrameTransport.Payload, on id: UInt32) {
        transport.enqueue(type, flags: flags, payload, on: id)
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
        let metadata = call.response.initial
        guard machine.mode == .mesh, !metadata.isEmpty else { return call.headersSent = true }
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
        try prepare(message, on: call)
        return transport.sendNow(.data, message, on: call.streamID)
    }

    func enqueue(_ message: ByteBuffer, on call: ServerCall, _ waiter: CheckedContinuation<Void, any Error>) {
        do throws(RPCError) {
            try prepare(message, on: call)
            enqueue(.data, .init(bytes: message, waiter: waiter), on: call.streamID)
        } catch {
            waiter.resume(throwing: error)
        }
    }

    private func prepare(_ message: ByteBuffer, on call: ServerCall) throws(RPCError) {
        guard !call.isOver else { throw call.over }
        guard message.readableBytes <= Int(machine.peer.maximumMessageBytes) else { throw .replyTooLong }
        try sendHeaders(call)
    }
}

extension RPCError {
    fileprivate static var replyTooLong: RPCError {
        RPCError(.resourceExhausted, "The reply is too long.", reason: "REPLY_TOO_LONG")
    }
}
