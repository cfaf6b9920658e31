package import NIOCore
internal import Synchronization

/// One call at the client. Confined to its connection's event loop, but for what is constant.
package final class ClientCall: @unchecked Sendable {
    /// Who waits for the answer, or for the request to be sent.
    enum Waiter {
        case reply(UnsafeContinuation<UnaryReply, any Error>)
        /// Resumed once the request is sent.
        case opened(UnsafeContinuation<Void, any Error>)
    }

    package let outgoing: OutgoingCall
    /// Of a call with streams.
    let response: ResponseMetadata?

    /// Its task was cancelled. From any thread; the connection hears of it on its loop.
    let isGivenUp = Atomic<Bool>(false)

    // Confined to the loop.
    @exclusivity(unchecked) var waiter: Waiter?
    /// The answer's messages, unless it is awaited whole.
    @exclusivity(unchecked) var buffer: MessageBuffer?
    @exclusivity(unchecked) var streamID: UInt32?
    @exclusivity(unchecked) var isOver = false
    /// Why the client's own stream messages are not taken any more; nil when the server ended the call well.
    var failure: RPCError?
    /// The client has said that it sends no more.
    var requestsFinished = false
    /// Response metadata.
    @exclusivity(unchecked) var initial = Metadata()
    /// Parts of the stream message underway, which a Response may cut short.
    @exclusivity(unchecked) var message = MessageParts()
    /// Parts of the Response underway.
    @exclusivity(unchecked) var envelope = MessageParts()

    /// - Throws: `RPCError` DEADLINE_EXCEEDED when the call being served has no time left.
    package init(_ method: MethodDescriptor, _ message: ByteBuffer, _ options: CallOptions) throws(RPCError) {
        // Made in its place: copied, each reference in it would be counted.
        outgoing = try OutgoingCall(method, message, options)
        response = nil
    }

    package init(_ outgoing: OutgoingCall, response: ResponseMetadata? = nil) {
        self.outgoing = outgoing
        self.response = response
    }

    /// Nothing has come of its answer yet, which its caller wants as a whole.
    var awaitsReply: Bool {
        guard case .reply = waiter else { return false }
        return envelope.isEmpty
    }
}

/// A message that comes in several frames.
struct MessageParts {
    /// Nil while there is none, as in nearly every call: an empty buffer is an object to be counted too.
    private var bytes: ByteBuffer?
    /// Since when nothing but its sender holds the rest up; of meaning while there is some.
    var since = NIODeadline.uptimeNanoseconds(0)

    var isEmpty: Bool { (bytes?.readableBytes ?? 0) == 0 }

    mutating func append(_ part: UnsafeRawBufferPointer?) {
        guard let part, !part.isEmpty else { return }
        if bytes == nil {
            bytes = ByteBuffer()
            since = .now()
        }
        bytes?.writeBytes(part)
    }

    /// Hands out what came so far, and forgets it.
    mutating func take<Output>(_ body: (UnsafeRawBufferPointer) -> Output) -> Output {
        guard let taken = bytes else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        bytes = nil
        return taken.withUnsafeReadableBytes(body)
    }

    /// Hands out the whole message, `last` being its last part.
    mutating func complete<Output>(_ last: UnsafeRawBufferPointer?, _ body: (UnsafeRawBufferPointer) -> Output) -> Output {
        guard !isEmpty else { return body(last ?? UnsafeRawBufferPointer(start: nil, count: 0)) }
        append(last)
        return take(body)
    }
}

/// The call was certainly never run, so it may be made again on another connection whatever its method.
package struct CallNotRun: Error {
    package let error: RPCError
}
