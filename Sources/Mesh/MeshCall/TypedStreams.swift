public import MeshMessages

/// A call whose client streams and whose server gives one message. Letting go of it before its answer cancels the call.
public struct ClientStream<Request: MeshMessage, Response: MeshMessage>: Sendable {
    private let call: ClientStreamingCall
    private let method: MethodDescriptor

    public init(_ call: ClientStreamingCall, of method: MethodDescriptor) {
        self.call = call
        self.method = method
    }

    /// Returns when the message is on its way; waits while the server's window is full.
    ///
    /// - Throws: `RPCError`: how the call failed, or CANCELLED with reason `CALL_ENDED` when the server has answered already.
    public func send(_ message: Request) async throws { try await call.requests.send(message) }

    /// Says that no more messages come, and waits for the answer. For one caller, once.
    ///
    /// - Throws: `RPCError`.
    public func response() async throws -> Response {
        try .answered(try await call.reply().message, by: method)
    }
}

/// A call whose client and server both stream. Letting go of `responses` before their end cancels the call.
public struct BidirectionalStream<Request: MeshMessage, Response: MeshMessage>: Sendable {
    private let requests: RequestSink
    /// What the server streams, for one reader.
    public let responses: MessageStream<Response>

    public init(_ call: BidirectionalCall, of method: MethodDescriptor) {
        requests = call.requests
        responses = MessageStream(call.replies, of: method)
    }

    /// Returns when the message is on its way; waits while the server's window is full.
    ///
    /// - Throws: `RPCError`: how the call failed, or CANCELLED with reason `CALL_ENDED` when the server has ended it already.
    public func send(_ message: Request) async throws { try await requests.send(message) }

    /// Says that no more messages come: the server can still send. Doing so twice, or after the call's end, is no error.
    public func finish() async throws { try await requests.finish() }
}
