internal import NIOCore

/// One run of a handler: the message that it got, and the reply that it gave.
package protocol Invocation: AnyObject, Sendable {
    /// Runs the handler.
    func run(_ context: ServerContext, _ streams: ServerCallStreams) async throws
    /// True once the handler has returned well.
    var isComplete: Bool { get }
    /// Hands the packed reply of a method that gives one message to `body`.
    ///
    /// - Throws: `MessageError` when the reply cannot be packed.
    func withReply(_ body: (PackedReply) -> Void) throws
}

/// A reply about to be written.
package struct PackedReply {
    package let byteCount: Int
    /// Writes `byteCount` bytes.
    package let write: (UnsafeMutableRawBufferPointer) -> Void

    package init(byteCount: Int, write: @escaping (UnsafeMutableRawBufferPointer) -> Void) {
        self.byteCount = byteCount
        self.write = write
    }
}

/// Runs code that takes and gives packed messages.
final class PackedInvocation: Invocation, @unchecked Sendable {
    // Unchecked: the task that runs the handler writes the reply before its connection reads it.
    private let body: MethodImplementation.Body
    private let message: ByteBuffer
    private var reply: ByteBuffer?

    init(_ body: MethodImplementation.Body, _ message: ByteBuffer) {
        self.body = body
        self.message = message
    }

    var isComplete: Bool { reply != nil }

    func run(_ context: ServerContext, _ streams: ServerCallStreams) async throws {
        switch body {
        case .unary(let body): reply = try await body(message, context)
        case .clientStreaming(let body): reply = try await body(streams.requests, context)
        case .serverStreaming(let body):
            try await body(message, streams, context)
            reply = ByteBuffer()
        case .bidirectional(let body):
            try await body(streams.requests, streams, context)
            reply = ByteBuffer()
        }
    }

    func withReply(_ body: (PackedReply) -> Void) {
        let bytes = reply ?? ByteBuffer()
        body(
            PackedReply(byteCount: bytes.readableBytes) { memory in
                bytes.withUnsafeReadableBytes { memory.copyMemory(from: $0) }
            })
    }
}
