internal import MeshWire
internal import NIOCore

extension ServerConnection {
    /// Whether the handler of a call may begin. One that may not has been answered.
    func letIn(_ call: ServerCall) -> Bool {
        do throws(RPCError) {
            try admission?.admit(call)
            return true
        } catch {
            turnAway(call, error)
            return false
        }
    }

    /// Answers a call that there is no room for.
    ///
    /// The refusal is not held against the peer: it has broken no rule.
    func turnAway(_ call: ServerCall, _ error: RPCError) {
        letGo(call)
        machine.handlerReturned()
        call.isOver = true
        calls[call.streamID] = nil
        dispatcher.shed(error, RefusedRequest(call), scope.peer)
        answer(call.streamID, error, domain: call.descriptor.service)
        if let inbound = call.inbound { report(inbound.discard(error), on: call.streamID) }
    }

    /// Answers a call whose Request came in parts that there is no room for.
    func turnAway(_ id: UInt32, _ request: RefusedRequest) {
        let error = tooManyBytes(id)
        abandon(id, error)
        dispatcher.shed(error, request, scope.peer)
        answer(id, error)
    }

    /// Counts a long Request, before anything is made of it, until its handler has returned: a call that is given up has its message as long as any.
    ///
    /// - Returns: false when there is no room for it.
    func hold(_ call: ServerCall, _ bytes: Int) -> Bool {
        guard bytes > transport.limits.shortRequestBytes else { return true }
        guard heldRequestBytes + bytes <= transport.limits.maximumRequestBytes else { return false }
        frameIsWhole()
        let had = handOverRoom(upTo: bytes)
        guard bytes == had || dispatcher.requests?.take(bytes - had, for: scope.peer.spiffeID) ?? true else {
            dispatcher.requests?.giveBack(had, for: scope.peer.spiffeID)
            return false
        }
        call.longRequestBytes = bytes
        heldRequestBytes += bytes
        return true
    }

    /// Callers that are refused together are told different times, so that they do not come back together.
    func tooManyBytes(_ id: UInt32) -> RPCError {
        .overloaded(Self.retryAfter * (16 + Int(id >> 1 & 15)) / 16, StreamRejection.overloaded.message)
    }

    private static let retryAfter = Duration.milliseconds(100)

    /// A call whose Request may have been counted does not begin, or its handler has returned.
    func letGo(_ call: ServerCall) {
        guard call.longRequestBytes > 0 else { return }
        heldRequestBytes -= call.longRequestBytes
        dispatcher.requests?.giveBack(call.longRequestBytes, for: scope.peer.spiffeID)
        call.longRequestBytes = 0
    }
}
