public import MeshMessages

/// The messages that a client streams to a handler, for one reader.
public struct RequestStream<Message: MeshMessage>: AsyncSequence, Sendable {
    public typealias Element = Message

    private let messages: RequestMessages

    public init(_ messages: RequestMessages) {
        self.messages = messages
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let buffer: MessageBuffer

        /// The next message; nil once the client has said that it sends no more.
        ///
        /// - Throws: `RPCError` CANCELLED or DEADLINE_EXCEEDED when the caller is gone, INVALID_ARGUMENT when a message is malformed.
        public mutating func next() async throws -> Message? {
            try await buffer.next { bytes throws(RPCError) in try .requested(bytes) }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(buffer: messages.buffer)
    }
}
