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
    /// Parts of the message or Response underway.
    var parts: ByteBuffer?

    init(_ outgoing: OutgoingCall) {
        self.outgoing = outgoing
    }

    /// Joins `bytes` to the parts that came before.
    func join(_ bytes: UnsafeRawBufferPointer?) -> ByteBuffer {
        var whole = parts ?? ByteBuffer()
        parts = nil
        if let bytes { whole.writeBytes(bytes) }
        return whole
    }
}

/// The call was certainly never run, so it may be made again on another connection whatever its method.
package struct CallNotRun: Error {
    package let error: RPCError
}
