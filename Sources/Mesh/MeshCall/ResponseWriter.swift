public import MeshMessages
public import NIOCore

/// Where a streaming handler writes its messages.
public struct ResponseWriter<Message: MeshMessage>: Sendable {
    @usableFromInline
    enum Target: Sendable {
        case call(ServerCallStreams)
        case sink(any ResponseSink)
    }

    @usableFromInline let target: Target

    public init(_ sink: any ResponseSink) {
        target = .sink(sink)
    }

    @usableFromInline
    init(_ streams: ServerCallStreams) {
        target = .call(streams)
    }

    /// Returns when the message is on its way; waits while the receiver's window is full.
    ///
    /// - Throws: `RPCError` CANCELLED or DEADLINE_EXCEEDED when the caller is gone; `MessageError` when the message can't be packed.
    @inlinable
    public func send(_ message: Message) async throws {
        switch target {
        case .call(let streams):
            if streams.mayWriteNow {
                var isSent = false
                var failure: (any Error)?
                try message.prepare { prepared in
                    do throws(RPCError) { isSent = try streams.sendNow(prepared) } catch { failure = error }
                }
                if let failure { throw failure }
                if isSent { return }
            }
            try await streams.send(ByteBuffer(packing: message))
        case .sink(let sink):
            try await sink.send(ByteBuffer(packing: message))
        }
    }
}
