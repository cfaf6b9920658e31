public import MeshMessages

/// The messages of one streaming answer, for one reader. Leaving it unread to its end cancels the call.
public struct MessageStream<Message: MeshMessage>: AsyncSequence, Sendable {
    public typealias Element = Message

    private let replies: ReplyStream
    private let method: MethodDescriptor

    public init(_ replies: ReplyStream, of method: MethodDescriptor) {
        self.replies = replies
        self.method = method
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        @usableFromInline var replies: ReplyStream.AsyncIterator
        @usableFromInline let method: MethodDescriptor

        @usableFromInline
        init(_ replies: ReplyStream.AsyncIterator, _ method: MethodDescriptor) {
            self.replies = replies
            self.method = method
        }

        /// - Throws: `RPCError`.
        @inlinable
        public mutating func next() async throws -> Message? {
            guard case .buffer(let buffer) = replies.messages else {
                guard let bytes = try await replies.next() else { return nil }
                return try .answered(bytes, by: method)
            }
            // Unpacked where it lies.
            var message: Result<Message, RPCError>?
            let isMessage = try await buffer.next { bytes in
                message = Result { () throws(RPCError) in try .answered(bytes, by: method) }
            }
            return isMessage ? try message?.get() : nil
        }
    }

    /// The server's response metadata: complete once the first message was read.
    public var metadata: Metadata { replies.metadata }

    /// The server's trailers: complete once the end was read.
    public var trailers: Metadata { replies.trailers }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(replies.makeAsyncIterator(), method)
    }
}
