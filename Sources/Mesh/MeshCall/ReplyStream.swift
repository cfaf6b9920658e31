public import NIOCore
internal import Synchronization

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

    /// - Parameters:
    ///   - next: the next message, nil at the end; throws `RPCError`.
    ///   - settled: the stream that all further messages come from, as soon as that is known: its reader then goes to it directly.
    package init(
        next: @escaping @Sendable () async throws -> ByteBuffer?, settled: @escaping @Sendable () -> ReplyStream?,
        cancel: @escaping @Sendable () -> Void, metadata: ResponseMetadata
    ) {
        source = Source(.staged(next, settled: settled), cancel: cancel)
        response = metadata
    }

    init(_ buffer: MessageBuffer, cancel: @escaping @Sendable () -> Void, metadata: ResponseMetadata) {
        source = Source(.buffer(buffer), cancel: cancel)
        response = metadata
    }

    private let source: Source
    /// Filled as the answer comes; does not keep the stream.
    package let response: ResponseMetadata

    /// The server's response metadata: complete once the first message was read.
    public var metadata: Metadata { response.initial }

    /// The server's trailers: complete once the end was read.
    public var trailers: Metadata { response.trailing }

    /// The same stream, which tells once how it ended: nil when well, otherwise its error; CANCELLED when its reader let go of it
    /// before. It tells when the end has come, which may be before the reader has read all that came before.
    public func observed(_ ended: @escaping @Sendable (RPCError?) -> Void) -> ReplyStream {
        switch source.messages {
        case .buffer(let buffer):
            buffer.whenEnded(ended)
            return self
        case .made(let next): return relayed(next, settled: nil, StreamEnd(ended))
        case .staged(let next, let settled): return relayed(next, settled: settled, StreamEnd(ended))
        }
    }

    /// The same messages, with `end` told as they are read; of a settled stream by its buffer, which the reader then goes to directly.
    private func relayed(
        _ next: @escaping @Sendable () async throws -> ByteBuffer?, settled: (@Sendable () -> ReplyStream?)?, _ end: StreamEnd
    ) -> ReplyStream {
        let source = source
        let observed: @Sendable () async throws -> ByteBuffer? = {
            do {
                let message = try await next()
                if message == nil { end.tell(nil) }
                return message
            } catch {
                end.tell(error as? RPCError ?? RPCError(.cancelled, "The reader was cancelled."))
                throw error
            }
        }
        let cancel: @Sendable () -> Void = {
            end.tell(RPCError(.cancelled, "The reader is gone."))
            withExtendedLifetime(source) {}
        }
        guard let settled else { return ReplyStream(next: observed, cancel: cancel, metadata: response) }
        return ReplyStream(
            next: observed,
            settled: {
                guard let stream = settled(), case .buffer(let buffer) = stream.source.messages else { return nil }
                buffer.whenEnded(end.tell)
                return stream
            }, cancel: cancel, metadata: response)
    }

    @usableFromInline
    final class Source: Sendable {
        @usableFromInline
        enum Messages: Sendable {
            case buffer(MessageBuffer)
            case made(@Sendable () async throws -> ByteBuffer?)
            case staged(@Sendable () async throws -> ByteBuffer?, settled: @Sendable () -> ReplyStream?)

            var buffer: MessageBuffer? {
                if case .buffer(let buffer) = self { buffer } else { nil }
            }
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
        /// Cancels the call when nobody holds it any more.
        private let source: Source
        private var messages: Source.Messages
        /// Where the messages come from, once that is a buffer of this process.
        @usableFromInline private(set) var buffer: MessageBuffer?

        init(_ source: Source) {
            self.source = source
            messages = source.messages
            buffer = messages.buffer
        }

        /// - Throws: `RPCError`.
        public mutating func next() async throws -> ByteBuffer? {
            switch messages {
            case .buffer(let buffer): return try await buffer.nextBytes()
            case .made(let next): return try await next()
            case .staged(let next, let settled):
                let message = try await next()
                if let stream = settled() {
                    messages = stream.source.messages
                    buffer = messages.buffer
                }
                return message
            }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(source)
    }
}

/// Tells once.
private final class StreamEnd: Sendable {
    private let body: Mutex<(@Sendable (RPCError?) -> Void)?>

    init(_ body: @escaping @Sendable (RPCError?) -> Void) {
        self.body = Mutex(body)
    }

    func tell(_ error: RPCError?) {
        let body = body.withLock { body in
            defer { body = nil }
            return body
        }
        body?(error)
    }
}
