internal import MeshWire
internal import NIOCore

extension ServerConnection {
    /// Whether the handler of a call may begin. One that may not has been answered.
    ///
    /// The refusal is not held against the peer: it has broken no rule.
    func letIn(_ call: ServerCall) -> Bool {
        do throws(RPCError) {
            try admission?.admit(call)
            return true
        } catch {
            machine.handlerReturned()
            call.isOver = true
            calls[call.streamID] = nil
            dispatcher.shed(call)
            answer(call.streamID, error, domain: call.descriptor.service)
            if let inbound = call.inbound { report(inbound.discard(error), on: call.streamID) }
            return false
        }
    }
}
