internal import MeshMessages
internal import MeshWire
internal import NIOCore

/// Answers coming in.
extension ClientConnection {
    func receiveHeaders(_ id: UInt32, _ data: UnsafeRawBufferPointer?) {
        guard let call = calls[id], let data else { return }
        do throws(MessageError) {
            call.initial = Metadata(try MeshV1.Headers(packed: data).metadata)
            call.response?.initial = call.initial
        } catch {
            cancel(call, .answerMalformed(error))
        }
    }

    func receivePart(_ id: UInt32, _ data: UnsafeRawBufferPointer?) {
        calls[id]?.message.append(data)
    }

    func receiveMessage(_ id: UInt32, _ data: UnsafeRawBufferPointer?, _ charge: Int) {
        guard let call = calls[id], let buffer = call.buffer else { return machine.consumed(1, charge: charge, on: id) }
        append(data, to: buffer, of: call, charge: charge)
        arriving.begin(buffer, on: id)
    }

    /// Stream messages reach their reader.
    @inline(__always)
    func settleMessages() {
        if let settled = arriving.settle() { report(settled.consumed, on: settled.streamID) }
    }

    private func append(_ data: UnsafeRawBufferPointer?, to buffer: MessageBuffer, of call: ClientCall, charge: Int) {
        guard !call.message.isEmpty else {
            return buffer.append(data ?? UnsafeRawBufferPointer(start: nil, count: 0), charge: charge)
        }
        call.message.take { buffer.append($0, data, charge: charge) }
    }

    func receiveResponse(_ id: UInt32, _ data: UnsafeRawBufferPointer?) {
        if let data, receivePlainReply(id, data) { return }
        guard let call = calls[id] else { return }
        let outcome = call.envelope.complete(data) { bytes in
            Result { () throws(MessageError) in try self.outcome(bytes, call) }
        }
        switch outcome {
        case .success(let outcome): finish(call, outcome)
        case .failure(let error): finish(call, .failure(.answerMalformed(error)))
        }
    }

    /// What nearly every Response is: the whole message of a unary call. False when it is anything else.
    private func receivePlainReply(_ id: UInt32, _ data: UnsafeRawBufferPointer) -> Bool {
        guard let envelope = try? ResponseEnvelope(data), envelope.isPlain, calls.update(id, { $0.awaitsReply }) == true,
            let call = calls.removeValue(forKey: id), case .reply(let continuation) = call.waiter
        else { return false }
        call.isOver = true
        call.waiter = nil
        continuation.resume(returning: UnaryReply(message: transport.slice(envelope.payload), metadata: call.initial))
        if isClosing { closeIfIdle() }
        return true
    }

    private func outcome(_ bytes: UnsafeRawBufferPointer, _ call: ClientCall) throws(MessageError) -> Result<UnaryReply, RPCError> {
        let envelope = try ResponseEnvelope(bytes)
        guard !envelope.isPlain else {
            return .success(UnaryReply(message: ByteBuffer(bytes: envelope.payload), metadata: call.initial))
        }
        let response = try MeshV1.Response(packed: bytes)
        let trailers = Metadata(response.trailers)
        call.response?.trailing = trailers
        if let status = response.status, let error = RPCError(status, trailers: trailers) { return .failure(error) }
        return .success(UnaryReply(message: ByteBuffer(bytes: response.payload), metadata: call.initial, trailers: trailers))
    }

    /// - Parameter charge: that of the last message; nil when the stream ended without one more.
    func receiveEnd(_ id: UInt32, _ data: UnsafeRawBufferPointer?, _ charge: Int?) {
        if let charge { receiveMessage(id, data, charge) }
        guard let call = calls[id] else { return }
        settleMessages()
        finish(call, .success(UnaryReply(message: ByteBuffer())))
    }
}

extension RPCError {
    fileprivate static func answerMalformed(_ cause: any Error) -> RPCError {
        RPCError(.internalError, "The answer is malformed.", reason: "MALFORMED_RESPONSE", cause: cause)
    }
}
