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

        /// The next message; nil at the end. Always inlined: what is called looks at its task's executor when it returns, which costs as much
        /// as all else that is done for a small message. A `for` loop calls it by way of a function that does so: where it matters, call it oneself.
        ///
        /// - Throws: `RPCError`.
        @inline(__always) @inlinable
        public mutating func next() async throws -> Message? {
            while let buffer = replies.buffer {
                // Unpacked where it lies.
                var message: Message?
                var failure: (any Error)?
                let ready = buffer.takeReady { bytes in
                    do throws(MessageError) { message = try Message(packed: bytes) } catch { failure = error }
                }
                if let failure { throw RPCError.malformedAnswer(of: method, failure) }
                switch ready {
                case .message: return message
                case .ended: return try buffer.ended()
                case .nothing: await buffer.wait()
                }
            }
            guard let bytes = try await replies.next() else { return nil }
            return try .answered(bytes, by: method)
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
