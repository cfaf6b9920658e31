internal import NIOCore
internal import Synchronization

/// One call at the client. Confined to its connection's event loop, but for what is constant.
final class ClientCall: @unchecked Sendable {
    /// Where the answer goes.
    enum Answer {
        case unary(CheckedContinuation<UnaryReply, any Error>)
        /// The continuation is resumed once the request is sent.
        case stream(ReplyBuffer, CheckedContinuation<Void, any Error>)
    }

    let outgoing: OutgoingCall
    let response = ResponseMetadata()

    // Confined to the loop.
    var answer: Answer?
    var buffer: ReplyBuffer?
    var streamID: UInt32?
    var isOver = false
    /// Parts of the stream message underway, which a Response may cut short.
    var message = MessageParts()
    /// Parts of the Response underway.
    var envelope = MessageParts()

    init(_ outgoing: OutgoingCall) {
        self.outgoing = outgoing
    }

}

/// A message that comes in several frames.
struct MessageParts {
    private var bytes = ByteBuffer()

    mutating func append(_ part: UnsafeRawBufferPointer?) {
        if let part { bytes.writeBytes(part) }
    }

    /// The whole message, `last` being its last part.
    mutating func complete(_ last: UnsafeRawBufferPointer?) -> ByteBuffer {
        append(last)
        defer { bytes = ByteBuffer() }
        return bytes
    }
}

/// The call was certainly never run, so it may be made again on another connection whatever its method.
package struct CallNotRun: Error {
    package let error: RPCError
}
