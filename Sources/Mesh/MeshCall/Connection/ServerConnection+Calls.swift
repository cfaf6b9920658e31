internal import Logging
internal import MeshMessages
internal import MeshWire
internal import NIOCore

/// Calls coming in.
extension ServerConnection {
    func begin(
        _ id: UInt32, _ bytes: UnsafeRawBufferPointer, _ flags: FrameFlags, _ clientStreams: Bool
    ) throws(ConnectionFailure) {
        do throws(RPCError) {
            let request = try envelope(bytes)
            let call = try admit(id, request, flags)
            // Before anything may answer it: what comes on the stream then is known for what it is.
            let isOpen = machine.mode == .mesh
                ? clientStreams : machine.resolve(id, takesStream: !call.descriptor.takesOneMessage, flags: flags)
            guard hold(call, request.payload.count) else { return turnAway(call, tooManyBytes(id)) }
            try prepare(call, request.payload, isOpen: isOpen)
            enter(call)
        } catch {
            dispatcher.refused(error, refusedRequest(bytes), scope.peer)
            try refuse(id, error)
        }
    }

    /// - Parameter bytes: of the whole Request, as far as its sender can be believed.
    func refusedRequest(_ bytes: UnsafeRawBufferPointer) -> RefusedRequest {
        (try? RequestEnvelope(bytes)).map(refused) ?? RefusedRequest()
    }

    /// Of a Request in several frames the first of them say what it names.
    ///
    /// - Parameters:
    ///   - header: of its frame that is refused; nil when that is none.
    ///   - data: of that frame.
    func refusedRequest(_ id: UInt32, _ header: FrameHeader? = nil, _ data: UnsafeRawBufferPointer? = nil) -> RefusedRequest {
        if let parts = unfinished[id]?.bytes, parts.readableBytes > 0 { return parts.withUnsafeReadableBytes(refusedBeginning) }
        guard let header, let data else { return RefusedRequest() }
        return header.flags.contains(.more) ? refusedBeginning(data) : refusedRequest(data)
    }

    private func refusedBeginning(_ bytes: UnsafeRawBufferPointer) -> RefusedRequest {
        guard let request = try? RequestEnvelope(beginning: bytes), !request.service.isEmpty, !request.method.isEmpty else { return RefusedRequest() }
        return refused(request)
    }

    private func refused(_ request: RequestEnvelope) -> RefusedRequest {
        let requestID = (try? metadata(request)).flatMap(RequestID.given) ?? RequestID.make()
        let method = dispatcher.method(request.service, request.method)?.takeUnretainedValue().implementation.descriptor
        return RefusedRequest(method: method, names: request.names, requestID: { requestID })
    }

    private func enter(_ call: consuming ServerCall) {
        calls.open(call.streamID, copy call)
        arm(call.deadline)
        pending.append(call)
    }

    private func envelope(_ bytes: UnsafeRawBufferPointer) throws(RPCError) -> RequestEnvelope {
        do throws(MessageError) {
            return try RequestEnvelope(bytes)
        } catch {
            throw .requestMalformed
        }
    }

    /// Answers a Request whose handler does not begin.
    func refuse(_ id: UInt32, _ error: RPCError) throws(ConnectionFailure) {
        machine.handlerReturned()
        answer(id, error)
        try machine.refusedRequest()
    }

    private func admit(_ id: UInt32, _ request: RequestEnvelope, _ flags: FrameFlags) throws(RPCError) -> ServerCall {
        guard let method = dispatcher.method(request.service, request.method) else { throw unknown(request) }
        let (kind, defaultDeadline) = method._withUnsafeGuaranteedRef { ($0.implementation.descriptor.kind, $0.implementation.descriptor.defaultDeadline) }
        guard isOfKind(kind, flags) else {
            let path = method.takeUnretainedValue().implementation.descriptor.path
            throw RPCError(.unimplemented, "\(path) is not of the kind that was called.", reason: "WRONG_KIND")
        }
        let metadata = try metadata(request)
        let deadline = try deadline(request.timeoutNano, orElse: defaultDeadline)
        guard transport.queuedBytes <= transport.limits.maximumOutboundBytes else {
            throw RPCError(.resourceExhausted, "Too many answers wait for this peer.", reason: "SLOW_READER")
        }
        guard let call = spare.take(of: method) else {
            return ServerCall(streamID: id, method: method.takeUnretainedValue(), metadata: metadata, deadline: deadline, scope: scope)
        }
        call.begin(streamID: id, metadata: metadata, deadline: deadline)
        return call
    }

    private func prepare(
        _ call: ServerCall, _ payload: UnsafeRawBufferPointer, isOpen: Bool
    ) throws(RPCError) {
        do throws(RPCError) {
            try prepare(call, payload)
        } catch {
            letGo(call)
            throw error
        }
        if !call.descriptor.takesOneMessage { openInbound(call, first: payload, isOpen: isOpen) }
    }

    private func unknown(_ request: RequestEnvelope) -> RPCError {
        guard request.names != nil else { return .requestMalformed }
        return RPCError(.unimplemented, "There is no such method here.", reason: "NO_SUCH_METHOD")
    }

    private func metadata(_ request: RequestEnvelope) throws(RPCError) -> Metadata {
        guard request.metadataCount > 0 else { return Metadata() }
        let limit = Int(machine.local.maximumMetadataBytes)
        // Before anything is kept: a flood of empty entries must not fill this side's memory.
        guard request.metadataCount <= limit / Metadata.entryCharge else { throw .metadataTooLong }
        guard let entries = try? request.metadata() else { throw .requestMalformed }
        let metadata = Metadata(entries)
        guard metadata.byteCount <= limit else { throw .metadataTooLong }
        return metadata
    }

    /// Who has to show a token first has its message unpacked after that.
    private func prepare(_ call: ServerCall, _ payload: UnsafeRawBufferPointer) throws(RPCError) {
        guard dispatcher.admitsWithoutUser(call) else { return keep(call, payload) }
        // It is unpacked before the read turn ends, unless so much is ready that the loop has its turn first.
        guard !unpacksLater(call) else { return call.payload = transport.slice(payload) }
        do {
            call.invocation = try call.method.implementation.invoke(payload)
        } catch {
            throw error as? RPCError ?? .requestMalformed
        }
    }

    private func unpacksLater(_ call: ServerCall) -> Bool { call.method.implementation.run != nil && !dispatcher.hasInterceptors }

    private func keep(_ call: ServerCall, _ payload: UnsafeRawBufferPointer) {
        let kept = ByteBuffer(bytes: payload)
        call.needsToken = true
        guard !unpacksLater(call) else { return call.payload = kept }
        let method = call.method
        call.unpack = { try kept.withUnsafeReadableBytes { try method.implementation.invoke($0) } }
    }

    /// Answers a call whose handler turns out not to begin, since its request is malformed.
    func refuse(_ call: ServerCall, _ error: RPCError, by worker: CallWorker) {
        guard loop.inEventLoop else { return loop.execute { self.refuse(call, error, by: worker) } }
        dispatcher.refused(error, RefusedRequest(call), scope.peer)
        end(call, error, by: worker)
        do throws(ConnectionFailure) { try machine.refusedRequest() } catch { transport.fail(error) }
    }

    /// Whether the caller takes the method for what it is. A stock ttrpc server asks its own table only, so baseline does too.
    private func isOfKind(_ kind: MethodDescriptor.Kind, _ flags: FrameFlags) -> Bool {
        guard machine.mode == .mesh else { return true }
        switch kind {
        case .unary: return flags.isDisjoint(with: [.remoteClosed, .remoteOpen])
        case .serverStreaming: return flags.contains(.remoteClosed) && !flags.contains(.remoteOpen)
        case .clientStreaming, .bidirectional: return flags.contains(.remoteOpen)
        }
    }

    /// The caller's time counts from here; without one the method's default does.
    private func deadline(_ timeoutNano: Int64, orElse defaultDeadline: Int64) throws(RPCError) -> NIODeadline {
        guard timeoutNano >= 0 else { throw RPCError(.deadlineExceeded, "The call's time was over when it came.") }
        let timeout = timeoutNano == 0 ? defaultDeadline : timeoutNano
        return transport.now + .nanoseconds(min(timeout, transport.longestNanoseconds))
    }

    // MARK: Messages that the client streams

    private func openInbound(_ call: ServerCall, first: UnsafeRawBufferPointer, isOpen: Bool) {
        let id = call.streamID
        let inbound = MessageBuffer(
            reportAt: Int(transport.limits.settings.initialStreamWindow) / 4,
            report: { [self] consumed in
                if loop.inEventLoop { report(consumed, on: id) } else { loop.execute { self.report(consumed, on: id) } }
            }, giveUp: { [self, weak call] in
                guard let call else { return }
                loop.execute { self.readerCancelled(call) }
            })
        call.inbound = inbound
        // A stock client may send the first message in the Request itself.
        if !first.isEmpty {
            machine.requestHadMessage(id)
            inbound.append(first, charge: 0)
            _ = inbound.handOver()
        }
        if !isOpen { _ = inbound.finish(.success(())) }
    }

    /// The handler cancelled the task that reads, or was cancelled itself.
    private func readerCancelled(_ call: ServerCall) {
        guard let inbound = call.inbound else { return }
        report(inbound.discard(RPCError(.cancelled, "The reader was cancelled.")), on: call.streamID)
    }

    func receiveMessage(_ id: UInt32, _ data: UnsafeRawBufferPointer?, _ charge: Int, ends: Bool) {
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        guard let call = calls[id], let inbound = call.inbound else {
            // A handler that has returned reads no more.
            return machine.consumed(1, charge: charge, on: id)
        }
        if call.parts.isEmpty {
            inbound.append(data ?? empty, charge: charge)
        } else {
            call.parts.take { inbound.append($0, data, charge: charge) }
        }
        if ends { halfClosed(id) } else { arriving.begin(inbound, on: id) }
    }

    /// Stream messages reach their reader.
    @inline(__always)
    func settleMessages() {
        if let settled = arriving.settle() { report(settled.consumed, on: settled.streamID) }
    }

    func halfClosed(_ id: UInt32) {
        guard let call = calls[id], let inbound = call.inbound else { return }
        report(inbound.finish(.success(())), on: id)
    }

    func report(_ consumed: MessageBuffer.Consumed, on id: UInt32) {
        guard consumed.messages > 0, transport.end == nil else { return }
        machine.consumed(consumed.messages, charge: consumed.charge, on: id)
        giveRoomBack()
        if machine.hasControlFrames { transport.wake() }
    }
}

extension RPCError {
    fileprivate static var requestMalformed: RPCError {
        RPCError(.invalidArgument, "The request is malformed.", reason: "MALFORMED_REQUEST")
    }

    fileprivate static var metadataTooLong: RPCError {
        RPCError(.resourceExhausted, "The metadata is too long.", reason: "METADATA_TOO_LONG")
    }
}
