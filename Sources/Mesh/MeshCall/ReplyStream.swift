internal import MeshMessages
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

    /// The same stream, which tells once how it ended for its reader: nil when well, otherwise what it threw; CANCELLED when the
    /// reader let go of it before it had ended.
    public func observed(_ ended: @escaping @Sendable (RPCError?) -> Void) -> ReplyStream {
        ReplyStream(Source(source, StreamEnd(ended)), response)
    }

    private init(_ source: Source, _ response: ResponseMetadata) {
        self.source = source
        self.response = response
    }

    /// The reader has all that it wants.
    func endedWell() { source.ended(nil) }

    fileprivate final class Source: Sendable {
        enum Messages: Sendable {
            case buffer(MessageBuffer)
            case made(@Sendable () async throws -> ByteBuffer?)
        }

        let messages: Messages
        private let cancel: @Sendable () -> Void
        private let observed: Source?
        private let end: StreamEnd?

        init(_ messages: Messages, cancel: @escaping @Sendable () -> Void) {
            self.messages = messages
            self.cancel = cancel
            observed = nil
            end = nil
        }

        /// - Parameter source: kept, so that its call goes on as long as there is a reader.
        init(_ source: Source, _ end: StreamEnd) {
            messages = source.messages
            cancel = {}
            observed = source
            self.end = end
        }

        func ended(_ error: RPCError?) {
            end?.tell(error)
            observed?.ended(error)
        }

        /// Passes on what the reader got.
        func passing<Message>(_ next: () async throws -> Message?) async throws -> Message? {
            guard end != nil else { return try await next() }
            do {
                let message = try await next()
                if message == nil { ended(nil) }
                return message
            } catch {
                ended(error as? RPCError ?? RPCError(.cancelled, "The reader was cancelled."))
                throw error
            }
        }

        deinit {
            cancel()
            guard let end else { return }
            switch messages {
            case .buffer(let buffer): end.tell(buffer.outcome ?? RPCError(.cancelled, "The reader is gone."))
            case .made: end.tell(RPCError(.cancelled, "The reader is gone."))
            }
        }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let source: Source

        /// - Throws: `RPCError`.
        public mutating func next() async throws -> ByteBuffer? {
            try await source.passing {
                switch source.messages {
                case .buffer(let buffer): try await buffer.nextBytes()
                case .made(let next): try await next()
                }
            }
        }

        /// Unpacks the next message where it lies.
        mutating func next<Message: MeshMessage>(of method: MethodDescriptor) async throws -> Message? {
            try await source.passing {
                switch source.messages {
                case .buffer(let buffer): return try await buffer.next { bytes throws(RPCError) in try .answered(bytes, by: method) }
                case .made(let next):
                    guard let bytes = try await next() else { return nil }
                    return try .answered(bytes, by: method)
                }
            }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(source: source)
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
