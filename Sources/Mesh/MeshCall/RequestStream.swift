public import MeshMessages

/// The messages that a client streams to a handler, for one reader.
public struct RequestStream<Message: MeshMessage>: AsyncSequence, Sendable {
    public typealias Element = Message

    @usableFromInline let messages: RequestMessages

    @inlinable
    public init(_ messages: RequestMessages) {
        self.messages = messages
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        @usableFromInline let buffer: MessageBuffer

        @usableFromInline
        init(_ buffer: MessageBuffer) {
            self.buffer = buffer
        }

        /// The next message; nil once the client has said that it sends no more.
        ///
        /// - Throws: `RPCError` CANCELLED or DEADLINE_EXCEEDED when the caller is gone, INVALID_ARGUMENT when a message is malformed.
        @inlinable
        public mutating func next() async throws -> Message? {
            var message: Result<Message, RPCError>?
            let isMessage = try await buffer.next { bytes in
                message = Result { () throws(RPCError) in try .requested(bytes) }
            }
            return isMessage ? try message?.get() : nil
        }
    }

    @inlinable
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(messages.buffer)
    }
}
