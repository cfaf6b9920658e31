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
            guard let bytes = try await replies.next() else { return nil }
            return try .answered(bytes, by: method)
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(replies: replies.makeAsyncIterator(), method: method)
    }
}
