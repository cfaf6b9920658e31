internal import MeshMessages
package import NIOCore

/// A call about to be sent: its message, its metadata with what it inherits, and when it must be over.
package struct OutgoingCall: Sendable {
    package let method: MethodDescriptor
    /// Empty for a method whose client streams.
    let message: ByteBuffer
    package internal(set) var metadata: Metadata
    package let monotonicDeadline: NIODeadline
    package var deadline: ContinuousClock.Instant { monotonicDeadline.instant }

    /// - Throws: `RPCError` DEADLINE_EXCEEDED when the call being served has no time left.
    package init(_ method: MethodDescriptor, _ message: ByteBuffer, _ options: CallOptions) throws(RPCError) {
        let now = NIODeadline.now()
        let timeout = options.timeout?.clampedNanoseconds ?? method.defaultDeadline
        var deadline = now + .nanoseconds(min(timeout, Self.longestNanoseconds))
        let context = CallContext.current
        if let context { deadline = min(deadline, context.monotonicDeadline - Self.margin) }
        guard deadline > now else { throw RPCError(.deadlineExceeded, "No time is left for this call.") }
        self.method = method
        self.message = message
        monotonicDeadline = deadline
        metadata = options.metadata
        if let context, metadata[CallContext.requestIDKey] == nil { metadata.append(context.requestID, for: CallContext.requestIDKey) }
    }

    private static let longestNanoseconds = ConnectionLimits.default.maximumDeadline.clampedNanoseconds
    private static let margin = TimeAmount.nanoseconds(CallContext.deadlineMargin.clampedNanoseconds)

    /// The Request frame's data, about to be written.
    ///
    /// - Parameter now: what is left of the deadline counts from here.
    /// - Throws: `RPCError` RESOURCE_EXHAUSTED when it is too long, INVALID_ARGUMENT when the metadata cannot be written.
    func envelope(at now: NIODeadline) throws(RPCError) -> RequestEnvelopeWriter {
        guard metadata.isEmpty || metadata.entries.allSatisfy({ !$0.key.utf8.contains(0) && !$0.value.utf8.contains(0) }) else {
            throw RPCError(.invalidArgument, "The request's metadata holds U+0000.", reason: "MALFORMED_REQUEST")
        }
        let writer = RequestEnvelopeWriter(
            names: method.packedNames, payload: message.readableBytes,
            // Zero would mean that there is no deadline.
            timeoutNano: max(1, monotonicDeadline.nanoseconds(after: now)), metadata: metadata.entries)
        guard writer.byteCount <= MessageLimits.maxBytes else { throw .requestTooLong }
        return writer
    }

    /// - Parameter memory: as many bytes as `envelope` has.
    func write(_ envelope: RequestEnvelopeWriter, to memory: UnsafeMutableRawBufferPointer) {
        envelope.write(names: method.packedNames, metadata: metadata.entries, to: memory) { target in
            message.withUnsafeReadableBytes { target.copyMemory(from: $0) }
        }
    }
}

extension RPCError {
    @usableFromInline static var requestTooLong: RPCError {
        RPCError(.resourceExhausted, "The request is too long.", reason: "REQUEST_TOO_LONG")
    }
}
