public import MeshMessages
internal import NIOCore

/// Where a streaming handler writes its messages.
public struct ResponseWriter<Message: MeshMessage>: Sendable {
    private let sink: any ResponseSink

    public init(_ sink: any ResponseSink) {
        self.sink = sink
    }

    /// Returns when the message is on its way; waits while the receiver's window is full.
    ///
    /// - Throws: `RPCError` CANCELLED or DEADLINE_EXCEEDED when the caller is gone; `MessageError` when the message can't be packed.
    public func send(_ message: Message) async throws {
        try await sink.send(message)
    }
}
