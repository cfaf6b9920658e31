internal import NIOCore
internal import MeshMessages
internal import MeshWire

/// Calls going out.
extension ClientConnection {
    /// - Throws: `CallNotRun` when another connection may be tried; `RPCError`.
    package func unary(_ outgoing: OutgoingCall) async throws -> UnaryReply {
        let call = ClientCall(outgoing)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                onLoop { self.start(call, .unary(continuation)) }
            }
        } onCancel: {
            loop.execute { self.cancel(call, RPCError(.cancelled, "The call was cancelled.")) }
        }
    }

    /// Returns once the request is sent.
    ///
    /// - Throws: `CallNotRun` when another connection may be tried; `RPCError`.
    package func serverStreaming(_ outgoing: OutgoingCall) async throws -> ReplyStream {
        let call = ClientCall(outgoing)
        let buffer = ReplyBuffer(reportAt: Int(transport.limits.settings.initialStreamWindow) / 4) { [weak self] consumed in
            guard let self else { return }
            onLoop { self.report(consumed, of: call) }
        }
        let giveUp: @Sendable () -> Void = { [self] in
            loop.execute { self.cancel(call, RPCError(.cancelled, "The call was cancelled.")) }
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                onLoop { self.start(call, .stream(buffer, continuation)) }
            }
        } onCancel: {
            giveUp()
        }
        return ReplyStream(
            next: {
                try await withTaskCancellationHandler {
                    try await buffer.next()
                } onCancel: {
                    giveUp()
                }
            },
            cancel: giveUp, metadata: call.response)
    }

    private func onLoop(_ work: @escaping @Sendable () -> Void) {
        if loop.inEventLoop { work() } else { loop.execute(work) }
    }

    private func start(_ call: ClientCall, _ answer: ClientCall.Answer) {
        call.answer = answer
        if case .stream(let buffer, _) = answer { call.buffer = buffer }
        // Cancelled before it began.
        if call.isOver { return resume(call, .failure(RPCError(.cancelled, "The call was cancelled.")), notRun: false) }
        guard transport.end == nil else { return finish(call, .failure(.connectionClosed), notRun: true) }
        arm(call.outgoing.deadline)
        switch machine.availability {
        case .exhausted: finish(call, .failure(.connectionClosed), notRun: true)
        case .full: wait(call)
        case .available: waiting.isEmpty ? open(call) : wait(call)
        }
    }

    private func wait(_ call: ClientCall) {
        guard waiting.count < transport.limits.maximumWaitingCalls else {
            return finish(call, .failure(RPCError(.resourceExhausted, "Too many calls wait for this peer.", reason: "TOO_MANY_CALLS")))
        }
        waiting.append(call)
    }

    func startWaiting() {
        while !waiting.isEmpty, machine.availability == .available, let call = waiting.popFirst() { open(call) }
    }

    private func open(_ call: ClientCall) {
        let streams = call.outgoing.method.kind == .serverStreaming
        do throws(RPCError) {
            try checkSizes(call, call.outgoing.message)
            let envelope = try call.outgoing.envelope()
            try checkSizes(call, envelope)
            guard let id = machine.open(expectsData: streams) else { return finish(call, .failure(.connectionClosed), notRun: true) }
            call.streamID = id
            calls[id] = call
            send(envelope, flags: streams ? .remoteClosed : [], on: id)
            if case .stream(_, let continuation) = call.answer {
                call.answer = nil
                continuation.resume()
            }
        } catch {
            finish(call, .failure(error))
        }
    }

    private func checkSizes(_ call: ClientCall, _ bytes: ByteBuffer) throws(RPCError) {
        guard bytes.readableBytes <= Int(machine.peer.maximumMessageBytes) else {
            throw .requestTooLong
        }
        guard call.outgoing.metadata.byteCount <= Int(machine.peer.maximumMetadataBytes) else {
            throw RPCError(.resourceExhausted, "The metadata is too long.", reason: "METADATA_TOO_LONG")
        }
        guard transport.queuedBytes <= transport.limits.maximumOutboundBytes else {
            throw RPCError(.resourceExhausted, "Too many requests wait for this peer.", reason: "SLOW_READER")
        }
    }

    private func send(_ envelope: ByteBuffer, flags: FrameFlags, on id: UInt32) {
        guard !transport.sendNow(.request, flags: flags, envelope, on: id) else { return }
        transport.enqueue(.request, flags: flags, .init(bytes: envelope, waiter: nil), on: id)
    }

    // MARK: Ends

    /// Gives a call up: the server is told, its caller gets `error`. What came of an answer that is over is thrown away.
    func cancel(_ call: ClientCall, _ error: RPCError) {
        guard !call.isOver else {
            if let buffer = call.buffer { report(buffer.discard(error), of: call) }
            return
        }
        if let id = call.streamID {
            // The server never heard of a stream whose request is still queued here.
            if transport.drop(id, error) {
                machine.forget(id)
            } else {
                machine.cancel(id, code: UInt32(bitPattern: error.code.rawValue), reason: "")
                transport.wake()
            }
        } else {
            waiting.removeAll { $0 === call }
        }
        finish(call, .failure(error))
        startWaiting()
    }

    func finish(_ id: UInt32, _ outcome: Result<UnaryReply, RPCError>, notRun: Bool = false) {
        if let call = calls[id] { finish(call, outcome, notRun: notRun) }
    }

    func finish(_ call: ClientCall, _ outcome: Result<UnaryReply, RPCError>, notRun: Bool = false) {
        guard !call.isOver else { return }
        call.isOver = true
        call.message = MessageParts()
        call.envelope = MessageParts()
        if let id = call.streamID { calls[id] = nil }
        resume(call, outcome, notRun: notRun)
        closeIfIdle()
    }

    private func resume(_ call: ClientCall, _ outcome: Result<UnaryReply, RPCError>, notRun: Bool) {
        if let buffer = call.buffer { endStream(call, buffer, outcome) }
        guard let answer = call.answer else { return }
        call.answer = nil
        let error: any Error
        switch outcome {
        case .success(let reply):
            if case .unary(let continuation) = answer { continuation.resume(returning: reply) }
            return
        case .failure(let failure): error = notRun ? CallNotRun(error: failure) : failure
        }
        switch answer {
        case .unary(let continuation): continuation.resume(throwing: error)
        case .stream(_, let continuation): continuation.resume(throwing: error)
        }
    }

    private func endStream(_ call: ClientCall, _ buffer: ReplyBuffer, _ outcome: Result<UnaryReply, RPCError>) {
        // A call that this side gave up has no reader for what waits; a server's status comes after its messages.
        let discards = if case .failure(let error) = outcome { error.code == .cancelled || error.code == .deadlineExceeded } else { false }
        report(buffer.finish(outcome.map { _ in }, discard: discards), of: call)
    }

    private func report(_ consumed: ReplyBuffer.Consumed, of call: ClientCall) {
        guard consumed.messages > 0, let id = call.streamID, transport.end == nil else { return }
        machine.consumed(consumed.messages, charge: consumed.charge, on: id)
        if machine.hasControlFrames { transport.wake() }
    }

    // MARK: Answers

    func receiveHeaders(_ id: UInt32, _ data: UnsafeRawBufferPointer?) {
        guard let call = calls[id], let data else { return }
        do throws(MessageError) {
            call.response.initial = Metadata(try MeshV1.Headers(packed: data).metadata)
        } catch {
            giveUp(call)
        }
    }

    func receivePart(_ id: UInt32, _ data: UnsafeRawBufferPointer?) {
        guard let call = calls[id] else { return }
        call.message.append(data)
    }

    func receiveMessage(_ id: UInt32, _ data: UnsafeRawBufferPointer?, _ charge: Int) {
        guard let call = calls[id], let buffer = call.buffer else { return machine.consumed(1, charge: charge, on: id) }
        buffer.append(call.message.complete(data), charge: charge)
    }

    func receiveResponse(_ id: UInt32, _ data: UnsafeRawBufferPointer?) {
        guard let call = calls[id] else { return }
        let whole = call.envelope.complete(data)
        do throws(MessageError) {
            let response = try whole.withUnsafeReadableBytes { bytes throws(MessageError) in try MeshV1.Response(packed: bytes) }
            finish(call, outcome(response, call))
        } catch {
            finish(call, .failure(.answerMalformed(error)))
        }
    }

    private func outcome(_ response: MeshV1.Response, _ call: ClientCall) -> Result<UnaryReply, RPCError> {
        let trailers = Metadata(response.trailers)
        call.response.trailing = trailers
        if let status = response.status, let error = RPCError(status, trailers: trailers) { return .failure(error) }
        return .success(
            UnaryReply(message: ByteBuffer(bytes: response.payload), metadata: call.response.initial, trailers: trailers))
    }

    func receiveEnd(_ id: UInt32, _ data: UnsafeRawBufferPointer?, _ hasMessage: Bool) {
        guard let call = calls[id] else { return }
        if hasMessage { call.buffer?.append(call.message.complete(data), charge: 0) }
        finish(call, .success(UnaryReply(message: ByteBuffer())))
    }

    private func giveUp(_ call: ClientCall) {
        cancel(call, .answerMalformed(nil))
    }
}

extension RPCError {
    fileprivate static func answerMalformed(_ cause: (any Error)?) -> RPCError {
        RPCError(.internalError, "The answer is malformed.", reason: "MALFORMED_RESPONSE", cause: cause)
    }
}
