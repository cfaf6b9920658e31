internal import MeshMessages
internal import MeshWire
internal import NIOCore
internal import Synchronization

/// Calls going out.
extension ClientConnection {
    /// - Throws: `CallNotRun` when another connection may be tried; `RPCError`.
    package func unary(_ call: ClientCall) async throws -> UnaryReply {
        // The one of this family that stays on its caller's executor: the others look up the task's executor before and after, which costs as much
        // as the rest of a small call's way to the loop.
        try await _unsafeInheritExecutor_withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                if loop.inEventLoop {
                    start(call, .reply(continuation))
                } else {
                    loop.execute { self.start(call, .reply(continuation)) }
                }
            }
        } onCancel: {
            giveUp(call)
        }
    }

    /// Its task was cancelled, possibly before the call began.
    private func giveUp(_ call: ClientCall) {
        call.isGivenUp.store(true, ordering: .relaxed)
        loop.execute { self.cancel(call, .callCancelled) }
    }

    /// Returns once the request is sent.
    ///
    /// - Throws: `CallNotRun` when another connection may be tried; `RPCError`.
    package func serverStreaming(_ outgoing: OutgoingCall) async throws -> ReplyStream {
        ReplyStream(try await opened(outgoing))
    }

    /// Returns once the request is sent.
    ///
    /// - Throws: `CallNotRun` when another connection may be tried; `RPCError`.
    package func clientStreaming(_ outgoing: OutgoingCall) async throws -> ClientStreamingCall {
        let call = try await opened(outgoing)
        return ClientStreamingCall(requests: call.requests, replies: ReplyStream(call))
    }

    /// Returns once the request is sent.
    ///
    /// - Throws: `CallNotRun` when another connection may be tried; `RPCError`.
    package func bidirectional(_ outgoing: OutgoingCall) async throws -> BidirectionalCall {
        let call = try await opened(outgoing)
        return BidirectionalCall(requests: call.requests, replies: ReplyStream(call))
    }

    private func opened(_ outgoing: OutgoingCall) async throws -> OpenCall {
        let call = ClientCall(outgoing, response: ResponseMetadata())
        let giveUp: @Sendable () -> Void = { [self] in self.giveUp(call) }
        let buffer = MessageBuffer(
            reportAt: Int(transport.limits.settings.initialStreamWindow) / 4,
            report: { [self, weak call] consumed in
                guard let call else { return }
                onLoop { self.report(consumed, of: call) }
            }, giveUp: { [self, weak call] in
                guard let call else { return }
                loop.execute { self.cancel(call, .callCancelled) }
            })
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                onLoop {
                    call.buffer = buffer
                    self.start(call, .opened(continuation))
                }
            }
        } onCancel: {
            giveUp()
        }
        return OpenCall(call: call, buffer: buffer, connection: self, giveUp: giveUp)
    }

    private func onLoop(_ work: @escaping @Sendable () -> Void) {
        if loop.inEventLoop { work() } else { loop.execute(work) }
    }

    private func start(_ call: ClientCall, _ waiter: ClientCall.Waiter) {
        call.waiter = waiter
        // Cancelled before it began; if it is not over yet, it is about to be.
        if call.isOver || call.isGivenUp.load(ordering: .relaxed) {
            call.isOver = true
            return resume(call, .failure(.callCancelled), notRun: false)
        }
        guard transport.end == nil else { return finish(call, .failure(.connectionClosed), notRun: true) }
        arm(call.outgoing.monotonicDeadline)
        switch machine.availability {
        case .exhausted: finish(call, .failure(.connectionClosed), notRun: true)
        case .full: wait(call)
        case .available: waiting.isEmpty ? open(call) : wait(call)
        }
    }

    private func wait(_ call: ClientCall) {
        guard waiting.count < transport.limits.maximumWaitingCalls else {
            let error = RPCError(.resourceExhausted, "Too many calls wait for this peer.", reason: "TOO_MANY_CALLS")
            return finish(call, .failure(error.refusedHere))
        }
        waiting.append(call)
    }

    func startWaiting() {
        while !waiting.isEmpty, machine.availability == .available, let call = waiting.popFirst() { open(call) }
    }

    private func open(_ call: ClientCall) {
        let method = call.outgoing.method
        do throws(RPCError) {
            let envelope = try call.outgoing.envelope(at: transport.now)
            try checkSizes(call, envelope.byteCount)
            guard let id = machine.open(expectsData: !method.givesOneMessage) else {
                return finish(call, .failure(.connectionClosed), notRun: true)
            }
            call.streamID = id
            calls.open(id, call)
            send(call, envelope, id)
            if case .opened(let continuation) = call.waiter {
                call.waiter = nil
                continuation.resume()
            }
        } catch {
            finish(call, .failure(error.refusedHere))
        }
    }

    private func checkSizes(_ call: ClientCall, _ byteCount: Int) throws(RPCError) {
        guard byteCount <= Int(machine.peer.maximumMessageBytes) else {
            throw .requestTooLong
        }
        guard call.outgoing.metadata.byteCount <= Int(machine.peer.maximumMetadataBytes) else {
            throw RPCError(.resourceExhausted, "The metadata is too long.", reason: "METADATA_TOO_LONG")
        }
        guard transport.queuedBytes <= transport.limits.maximumOutboundBytes else {
            throw RPCError(.resourceExhausted, "Too many requests wait for this peer.", reason: "SLOW_READER")
        }
    }

    private func send(_ call: ClientCall, _ envelope: RequestEnvelopeWriter, _ id: UInt32) {
        let write = { (memory: UnsafeMutableRawBufferPointer) in call.outgoing.write(envelope, to: memory) }
        let flags = flags(of: call.outgoing.method.kind), length = envelope.byteCount
        guard !transport.sendNow(.request, flags: flags, length: length, on: id, for: self, write) else { return }
        var bytes = ByteBufferAllocator().buffer(capacity: length)
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { memory in
            write(UnsafeMutableRawBufferPointer(rebasing: memory[..<length]))
            return length
        }
        transport.enqueue(.request, flags: flags, .init(bytes: bytes, waiter: nil), on: id)
    }

    private func flags(of kind: MethodDescriptor.Kind) -> FrameFlags {
        switch kind {
        case .unary: []
        case .serverStreaming: .remoteClosed
        // Without the second a stock Rust server would take the empty payload for a message.
        case .clientStreaming, .bidirectional: [.remoteOpen, .noData]
        }
    }

    // MARK: Ends

    /// Gives a call up: the server is told, its caller gets `error`. What came of an answer that is over is thrown away.
    func cancel(_ call: ClientCall, _ error: RPCError) {
        guard !call.isOver else {
            if let buffer = call.buffer { report(buffer.discard(error), of: call) }
            return
        }
        var stops = false
        if let id = call.streamID {
            // The server never heard of a stream whose request is still queued here.
            if transport.drop(id, error) {
                machine.forget(id)
            } else {
                machine.cancel(id, code: UInt32(bitPattern: error.code.rawValue), reason: "")
                transport.wake()
                // Not every server counts the time of its streams.
                stops = closesToCancel && (error.code != .deadlineExceeded || call.outgoing.method.kind != .unary)
            }
        } else {
            waiting.removeAll { $0 === call }
        }
        finish(call, .failure(error))
        if stops { transport.close() } else { startWaiting() }
    }

    func finish(_ id: UInt32, _ outcome: Result<UnaryReply, RPCError>, notRun: Bool = false) {
        if let call = calls[id] { finish(call, outcome, notRun: notRun) }
    }

    func finish(_ call: ClientCall, _ outcome: Result<UnaryReply, RPCError>, notRun: Bool = false) {
        guard !call.isOver else { return }
        call.isOver = true
        call.message = MessageParts()
        call.envelope = MessageParts()
        if case .failure(let error) = outcome { call.failure = error }
        if let id = call.streamID {
            _ = calls.removeValue(forKey: id)
            // What the client still streams has no receiver.
            if !call.outgoing.method.takesOneMessage { transport.drop(id, call.over) }
        }
        resume(call, outcome, notRun: notRun)
        closeIfIdle()
    }

    private func resume(_ call: ClientCall, _ outcome: Result<UnaryReply, RPCError>, notRun: Bool) {
        if let buffer = call.buffer { endStream(call, buffer, outcome) }
        guard let waiter = call.waiter else { return }
        call.waiter = nil
        switch (waiter, outcome) {
        case (.reply(let continuation), .success(let reply)): continuation.resume(returning: reply)
        case (.reply(let continuation), .failure(let error)): continuation.resume(throwing: Self.outcome(error, notRun))
        case (.opened(let continuation), .failure(let error)): continuation.resume(throwing: Self.outcome(error, notRun))
        case (.opened(let continuation), .success): continuation.resume()
        }
    }

    private static func outcome(_ error: RPCError, _ notRun: Bool) -> any Error {
        notRun ? CallNotRun(error: error) : error
    }

    private func endStream(_ call: ClientCall, _ buffer: MessageBuffer, _ outcome: Result<UnaryReply, RPCError>) {
        if case .success(let reply) = outcome, call.outgoing.method.givesOneMessage {
            reply.message.withUnsafeReadableBytes { buffer.append($0, charge: 0) }
        }
        // A call that this side gave up has no reader for what waits; a server's status comes after its messages.
        let discards = if case .failure(let error) = outcome { error.code == .cancelled || error.code == .deadlineExceeded } else { false }
        report(buffer.finish(outcome.map { _ in }, discard: discards), of: call)
    }

    func report(_ consumed: MessageBuffer.Consumed, of call: ClientCall) {
        if let id = call.streamID { report(consumed, on: id) }
    }

    func report(_ consumed: MessageBuffer.Consumed, on id: UInt32) {
        guard consumed.messages > 0, transport.end == nil else { return }
        machine.consumed(consumed.messages, charge: consumed.charge, on: id)
        if machine.hasControlFrames { transport.wake() }
    }
}

extension RPCError {
    static var callCancelled: RPCError { RPCError(.cancelled, "The call was cancelled.") }
}
