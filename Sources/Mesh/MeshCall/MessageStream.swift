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
        fileprivate var replies: ReplyStream.AsyncIterator
        fileprivate let method: MethodDescriptor

        /// - Throws: `RPCError`.
        public mutating func next() async throws -> Message? {
            try await replies.next(of: method)
        }
    }

    /// The server's response metadata: complete once the first message was read.
    public var metadata: Metadata { replies.metadata }

    /// The server's trailers: complete once the end was read.
    public var trailers: Metadata { replies.trailers }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(replies: replies.makeAsyncIterator(), method: method)
    }
}
