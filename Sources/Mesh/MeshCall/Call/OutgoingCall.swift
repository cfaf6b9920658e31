package import NIOCore
internal import MeshMessages

/// A call about to be sent: its message, its metadata with what it inherits, and when it must be over.
package struct OutgoingCall: Sendable {
    package let method: MethodDescriptor
    let message: ByteBuffer
    var metadata: Metadata
    package let deadline: ContinuousClock.Instant

    /// - Throws: `RPCError` DEADLINE_EXCEEDED when the call being served has no time left, CANCELLED when it was given up.
    package init(_ method: MethodDescriptor, _ message: ByteBuffer, _ options: CallOptions) throws(RPCError) {
        guard !Task.isCancelled else { throw RPCError(.cancelled, "The call was cancelled.") }
        let now = ContinuousClock.now
        let context = CallContext.current
        var deadline = now + min(options.timeout ?? method.policy.defaultDeadline, ConnectionLimits.default.maximumDeadline)
        if let context { deadline = min(deadline, context.deadline - CallContext.deadlineMargin) }
        guard deadline > now else { throw RPCError(.deadlineExceeded, "No time is left for this call.") }
        var metadata = options.metadata
        if metadata[CallContext.requestIDKey] == nil {
            metadata.append(context?.requestID ?? CallContext.makeRequestID(), for: CallContext.requestIDKey)
        }
        self.method = method
        self.message = message
        self.metadata = metadata
        self.deadline = deadline
    }

    /// The data of the Request frame.
    ///
    /// - Throws: `RPCError` RESOURCE_EXHAUSTED when it is too long, INVALID_ARGUMENT when the metadata cannot be written.
    func envelope() throws(RPCError) -> ByteBuffer {
        let left = (deadline - .now) / .nanoseconds(1)
        let request = MeshV1.Request(
            service: method.service, method: method.name, payload: [UInt8](message.readableBytesView),
            // Zero would mean that there is no deadline.
            timeoutNano: max(1, Int64(left)), metadata: metadata.keyValues)
        do throws(MessageError) {
            return ByteBuffer(bytes: try request.packed())
        } catch {
            if error.reason == .tooLong { throw .requestTooLong }
            throw RPCError(.invalidArgument, "The request cannot be written.", reason: "MALFORMED_REQUEST", cause: error)
        }
    }
}

extension RPCError {
    static var requestTooLong: RPCError {
        RPCError(.resourceExhausted, "The request is too long.", reason: "REQUEST_TOO_LONG")
    }
}
