public import NIOCore

/// Where calls go: a connection pool over TLS, or an in-process server.
public protocol CallChannel: Sendable {
    /// - Throws: `RPCError`.
    func unary(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> UnaryReply
    /// Returns once the request is sent; errors of the call end the sequence.
    func serverStreaming(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> ReplyStream
}

public struct CallOptions: Sendable {
    /// Time from now; nil means the method's default. Never longer than what is left to the call being served.
    public var timeout: Duration?
    public var metadata: Metadata
    /// Waits until its deadline for a peer that cannot be reached, instead of failing at once with UNAVAILABLE.
    public var waitForReady: Bool
    /// A read-only unary call that has no answer after this time is sent a second time, on another connection; nil means what the client
    /// says.
    public var hedgeAfter: Duration?

    public init(timeout: Duration? = nil, metadata: Metadata = [:], waitForReady: Bool = false, hedgeAfter: Duration? = nil) {
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

public struct UnaryReply: Sendable {
    public var message: ByteBuffer
    public var metadata: Metadata
    public var trailers: Metadata

    public init(message: ByteBuffer, metadata: Metadata = [:], trailers: Metadata = [:]) {
        self.message = message
        self.metadata = metadata
        self.trailers = trailers
    }
}

/// The packed messages of one streaming answer, for one reader. Leaving it unread to its end cancels the call.
public struct ReplyStream: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer

    /// - Parameters:
    ///   - next: the next message, nil at the end; throws `RPCError`.
    ///   - cancel: called when the reader goes away before the end.
    ///   - metadata: filled as the answer comes.
    public init(
        next: @escaping @Sendable () async throws -> ByteBuffer?, cancel: @escaping @Sendable () -> Void,
        metadata: ResponseMetadata = ResponseMetadata()
    ) {
        source = Source(next: next, cancel: cancel)
        response = metadata
    }

    fileprivate let source: Source
    private let response: ResponseMetadata

    /// The server's response metadata: complete once the first message was read.
    public var metadata: Metadata { response.initial }

    /// The server's trailers: complete once the end was read.
    public var trailers: Metadata { response.trailing }

    fileprivate final class Source: Sendable {
        let next: @Sendable () async throws -> ByteBuffer?
        let cancel: @Sendable () -> Void

        init(next: @escaping @Sendable () async throws -> ByteBuffer?, cancel: @escaping @Sendable () -> Void) {
            self.next = next
            self.cancel = cancel
        }

        deinit { cancel() }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let source: Source

        public mutating func next() async throws -> ByteBuffer? {
            try await source.next()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(source: source)
    }
}
