public import MeshMessages
public import NIOCore

/// Where a client writes the packed messages of a call that it streams.
public struct RequestSink: Sendable {
    private let receiver: any RequestReceiver

    public init(_ receiver: any RequestReceiver) {
        self.receiver = receiver
    }

    /// Returns when the message is on its way; waits while the receiver's window is full.
    ///
    /// - Throws: `RPCError`: how the call failed, or CANCELLED with reason `CALL_ENDED` when the server has answered already.
    public func send(_ message: ByteBuffer) async throws { try await receiver.send(message) }

    /// See ``send(_:)``; RESOURCE_EXHAUSTED when the message is too long, INVALID_ARGUMENT when it can't be packed.
    public func send(_ message: some MeshMessage) async throws {
        do {
            try await receiver.send(message)
        } catch let error as MessageError {
            if error.reason == .tooLong { throw RPCError.requestTooLong }
            throw RPCError(.invalidArgument, "The message can't be packed: \(error)", reason: "MALFORMED_REQUEST", cause: error)
        }
    }

    /// Says that no more messages come. Doing so twice, or after the call's end, is no error.
    public func finish() async throws { try await receiver.finish() }
}

/// What takes a client's stream messages.
public protocol RequestReceiver: Sendable {
    func send(_ message: ByteBuffer) async throws
    func send<Message: MeshMessage>(_ message: Message) async throws
    func finish() async throws
}

extension RequestReceiver {
    public func send<Message: MeshMessage>(_ message: Message) async throws {
        try await send(ByteBuffer(packing: message))
    }
}

/// A call whose client streams and whose server gives one message. Letting go of it before its answer cancels the call.
public struct ClientStreamingCall: Sendable {
    /// Where the client writes its messages.
    public let requests: RequestSink
    private let replies: ReplyStream

    public init(requests: RequestSink, replies: ReplyStream) {
        self.requests = requests
        self.replies = replies
    }

    /// Says that no more messages come, and waits for the answer. For one caller, once.
    ///
    /// - Throws: `RPCError`.
    public func reply() async throws -> UnaryReply {
        try await requests.finish()
        return try await answer()
    }

    /// Waits for the answer while messages may still be sent: whoever streams what comes slowly hears of an early end at once. Instead of ``reply()``.
    ///
    /// - Throws: `RPCError`.
    package func answer() async throws -> UnaryReply {
        var iterator = replies.makeAsyncIterator()
        guard let message = try await iterator.next() else {
            throw RPCError(.internalError, "The server gave no answer.", reason: "MALFORMED_RESPONSE")
        }
        // Who observes the call is told of its end before this returns.
        while try await iterator.next() != nil {}
        return UnaryReply(message: message, metadata: replies.metadata, trailers: replies.trailers)
    }

    /// The same call, which tells once how it ended; see ``ReplyStream/observed(_:)``.
    public func observed(_ ended: @escaping @Sendable (RPCError?) -> Void) -> ClientStreamingCall {
        ClientStreamingCall(requests: requests, replies: replies.observed(ended))
    }
}

/// A call whose client and server both stream. Letting go of `replies` before their end cancels the call.
public struct BidirectionalCall: Sendable {
    /// Where the client writes its messages.
    public let requests: RequestSink
    /// What the server sends, as it comes.
    public let replies: ReplyStream

    public init(requests: RequestSink, replies: ReplyStream) {
        self.requests = requests
        self.replies = replies
    }
}
