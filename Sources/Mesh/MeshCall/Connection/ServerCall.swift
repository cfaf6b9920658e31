internal import NIOCore

/// One call at the server. Confined to its connection's event loop, but for what is constant.
final class ServerCall: @unchecked Sendable {
    let streamID: UInt32
    let method: MethodImplementation
    let metadata: Metadata
    let deadline: ContinuousClock.Instant
    let response = ResponseMetadata()

    // Confined to the loop.
    var task: Task<Void, Never>?
    /// The status was sent, or the caller is gone: whatever the handler still says is dropped.
    var isOver = false
    /// Response metadata can no longer be sent, or has been.
    var headersSent = false
    /// Why the handler's sends fail.
    var over = RPCError(.cancelled, "The caller is gone.")

    init(streamID: UInt32, method: MethodImplementation, metadata: Metadata, deadline: ContinuousClock.Instant) {
        self.streamID = streamID
        self.method = method
        self.metadata = metadata
        self.deadline = deadline
    }
}

/// Where the handler of a streaming call writes. Keeps the connection alive while the handler runs.
struct ServerCallSink: ResponseSink {
    let call: ServerCall
    let connection: ServerConnection

    func send(_ message: ByteBuffer) async throws {
        let loop = connection.loop
        if loop.inEventLoop, try connection.sendNow(message, on: call) { return }
        try await withCheckedThrowingContinuation { (waiter: CheckedContinuation<Void, any Error>) in
            if loop.inEventLoop {
                connection.enqueue(message, on: call, waiter)
            } else {
                loop.execute { connection.enqueue(message, on: call, waiter) }
            }
        }
    }
}
