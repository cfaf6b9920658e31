public import NIOCore

/// Where calls go: a connection pool over TLS, or an in-process server.
public protocol CallChannel: Sendable {
    /// - Throws: `RPCError`.
    func unary(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> UnaryReply
    /// A unary call on a connection that is at hand, for whoever makes it right away; nil when `unary` has to look for one, or does more than to make the
    /// call. Without a connection of its own a channel need not have this.
    ///
    /// - Throws: `RPCError` DEADLINE_EXCEEDED when the call being served has no time left.
    func place(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) throws(RPCError) -> PlacedCall?
    /// Returns once the request is sent; errors of the call end the sequence.
    func serverStreaming(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> ReplyStream
    /// Returns once the call is open; its messages and its answer follow.
    func clientStreaming(_ method: MethodDescriptor, options: CallOptions) async throws -> ClientStreamingCall
    /// Returns once the call is open; messages follow both ways, in any order.
    func bidirectional(_ method: MethodDescriptor, options: CallOptions) async throws -> BidirectionalCall
}

extension CallChannel {
    public func place(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) throws(RPCError) -> PlacedCall? { nil }
}

/// How one call is made: how long it may take, and what goes beside its message.
public struct CallOptions: Sendable {
    /// Time from now; nil means the method's default. Never longer than what is left to the call being served.
    public var timeout: Duration?
    /// Sent with the Request. What the call inherits from the one being served is added unless it is here.
    public var metadata: Metadata
    /// Waits until its deadline for a peer that cannot be reached, instead of failing at once with UNAVAILABLE.
    public var waitForReady: Bool
    /// A read-only unary call that has no answer after this time is sent a second time, on another connection; nil means what the client
    /// says.
    public var hedgeAfter: Duration?

    public init(timeout: Duration? = nil, metadata: Metadata = Metadata(), waitForReady: Bool = false, hedgeAfter: Duration? = nil) {
        self.timeout = timeout
        self.metadata = metadata
        self.waitForReady = waitForReady
        self.hedgeAfter = hedgeAfter
    }

    /// Carries a user token.
    public static func bearer(_ token: String, timeout: Duration? = nil) -> CallOptions {
        CallOptions(timeout: timeout, metadata: ["authorization": "Bearer \(token)"])
    }
}

/// What the server of a unary call gave, packed.
public struct UnaryReply: Sendable {
    /// The packed message.
    public var message: ByteBuffer
    /// What came before the message.
    public var metadata: Metadata
    /// What came after it.
    public var trailers: Metadata

    public init(message: ByteBuffer, metadata: Metadata = Metadata(), trailers: Metadata = Metadata()) {
        self.message = message
        self.metadata = metadata
        self.trailers = trailers
    }
}
