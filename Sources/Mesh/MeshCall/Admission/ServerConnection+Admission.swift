internal import MeshWire
internal import NIOCore

extension ServerConnection {
    /// Whether the handler of a call may begin. One that may not has been answered.
    ///
    /// The refusal is not held against the peer: it has broken no rule.
    func letIn(_ call: ServerCall) -> Bool {
        do throws(RPCError) {
            if call.longRequestBytes > 0 { try hold(call) }
            try admission?.admit(call)
            return true
        } catch {
            if call.longRequestBytes > 0 { letGo(call) }
            machine.handlerReturned()
            call.isOver = true
            calls[call.streamID] = nil
            dispatcher.shed(call)
            answer(call.streamID, error, domain: call.descriptor.service)
            if let inbound = call.inbound { report(inbound.discard(error), on: call.streamID) }
            return false
        }
    }

    /// Counts a long Request until its handler has returned: a call that is given up has its message as long as any.
    ///
    /// - Throws: RESOURCE_EXHAUSTED with a hint when to try again.
    private func hold(_ call: ServerCall) throws(RPCError) {
        let bytes = call.longRequestBytes
        guard heldRequestBytes + bytes <= transport.limits.maximumRequestBytes, dispatcher.requests?.take(bytes, for: scope.peer.spiffeID) ?? true else {
            call.longRequestBytes = 0
            // Callers that are refused together are told different times, so that they do not come back together.
            throw .overloaded(Self.retryAfter * (16 + Int(call.streamID >> 1 & 15)) / 16, "The server holds too many long requests.")
        }
        heldRequestBytes += bytes
    }

    private static let retryAfter = Duration.milliseconds(100)

    /// The handler of a call whose Request was counted has returned.
    func letGo(_ call: ServerCall) {
        heldRequestBytes -= call.longRequestBytes
        if call.longRequestBytes > 0 { dispatcher.requests?.giveBack(call.longRequestBytes, for: scope.peer.spiffeID) }
        call.longRequestBytes = 0
    }
}
