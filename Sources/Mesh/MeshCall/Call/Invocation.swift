public import MeshMessages
internal import NIOCore

/// One run of a handler: it has the message of the Request, and gives its reply to `ServerCallStreams`.
///
/// A closure and not a generic type: closures are specialised for their messages, methods of generic classes are not.
@usableFromInline
package typealias Invocation = @Sendable (ServerContext, ServerCallStreams) async throws -> Void

/// What a handler has replied.
enum GivenReply {
    case none
    /// It has been written already.
    case sent
    /// The packed message; empty for a method that gives a stream.
    case bytes(ByteBuffer)
    /// Hands the packed message to its argument.
    case later(@Sendable ((PreparedMessage) -> Void) throws -> Void)

    var isThere: Bool { if case .none = self { false } else { true } }
}

extension MethodImplementation.Body {
    /// Runs code that takes and gives packed messages.
    func invocation(_ message: ByteBuffer) -> Invocation {
        { context, streams in
            switch self {
            case .unary(let body): streams.give(.bytes(try await body(message, context)))
            case .clientStreaming(let body): streams.give(.bytes(try await body(streams.requests, context)))
            case .serverStreaming(let body):
                try await body(message, streams, context)
                streams.complete()
            case .bidirectional(let body):
                try await body(streams.requests, streams, context)
                streams.complete()
            }
        }
    }
}

extension ServerCallStreams {
    func give(_ reply: GivenReply) {
        call.reply = reply
    }

    /// All messages of a streaming method have been given.
    @usableFromInline
    func complete() {
        give(.bytes(ByteBuffer()))
    }

    /// Gives the message of a method that gives one.
    ///
    /// - Throws: `MessageError` when it cannot be packed.
    @inlinable
    func answer<Message: MeshMessage>(_ message: Message) throws {
        if answersAtOnce {
            try message.prepare { send($0) }
        } else {
            keep { body in try message.prepare(body) }
        }
    }

    /// Nothing can follow that would change the answer: it is packed where it leaves from.
    @usableFromInline var answersAtOnce: Bool { connection.loop.inEventLoop && !connection.dispatcher.hasInterceptors }

    @usableFromInline
    func send(_ message: PreparedMessage) {
        connection.send(message, of: call)
    }

    @usableFromInline
    func keep(_ pack: @escaping @Sendable ((PreparedMessage) -> Void) throws -> Void) {
        give(.later(pack))
    }
}
