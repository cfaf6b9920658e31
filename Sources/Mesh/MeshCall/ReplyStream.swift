public import NIOCore

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
        source = Source(.made(next), cancel: cancel)
        response = metadata
    }

    init(_ buffer: MessageBuffer, cancel: @escaping @Sendable () -> Void, metadata: ResponseMetadata) {
        source = Source(.buffer(buffer), cancel: cancel)
        response = metadata
    }

    private let source: Source
    private let response: ResponseMetadata

    /// The server's response metadata: complete once the first message was read.
    public var metadata: Metadata { response.initial }

    /// The server's trailers: complete once the end was read.
    public var trailers: Metadata { response.trailing }

    @usableFromInline
    final class Source: Sendable {
        @usableFromInline
        enum Messages: Sendable {
            case buffer(MessageBuffer)
            case made(@Sendable () async throws -> ByteBuffer?)
        }

        @usableFromInline let messages: Messages
        private let cancel: @Sendable () -> Void

        init(_ messages: Messages, cancel: @escaping @Sendable () -> Void) {
            self.messages = messages
            self.cancel = cancel
        }

        deinit { cancel() }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        @usableFromInline let source: Source

        /// - Throws: `RPCError`.
        public mutating func next() async throws -> ByteBuffer? {
            switch source.messages {
            case .buffer(let buffer): try await buffer.nextBytes()
            case .made(let next): try await next()
            }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(source: source)
    }
}
