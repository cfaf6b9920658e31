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
        @inline(__always) @inlinable
        public mutating func next() async throws -> Message? {
            while true {
                var message: Message?
                var failure: (any Error)?
                let ready = buffer.takeReady { bytes in
                    do throws(RPCError) { message = try .requested(bytes) } catch { failure = error }
                }
                if let failure { throw failure }
                switch ready {
                case .message: return message
                case .ended: return try buffer.ended()
                case .nothing: await buffer.wait()
                }
            }
        }
    }

    @inlinable
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(messages.buffer)
    }
}
