internal import MeshMessages
internal import NIOCore

/// Runs a handler that takes one message and gives one.
final class UnaryInvocation<Request: MeshMessage, Response: MeshMessage>: Invocation, @unchecked Sendable {
    typealias Handler = @Sendable (Request, ServerContext) async throws -> Response

    // Unchecked: the task that runs the handler writes the reply before its connection reads it.
    private let handler: Handler
    private let request: Request
    private var response: Response?

    init(_ request: Request, _ handler: @escaping Handler) {
        self.request = request
        self.handler = handler
    }

    var isComplete: Bool { response != nil }

    func run(_ context: ServerContext, _ streams: ServerCallStreams) async throws {
        response = try await handler(request, context)
    }

    func withReply(_ body: (PackedReply) -> Void) throws {
        try Self.pack(response, body)
    }
}

/// Runs a handler that takes a stream of messages and gives one.
final class ClientStreamingInvocation<Request: MeshMessage, Response: MeshMessage>: Invocation, @unchecked Sendable {
    typealias Handler = @Sendable (RequestStream<Request>, ServerContext) async throws -> Response

    private let handler: Handler
    private var response: Response?

    init(_ handler: @escaping Handler) {
        self.handler = handler
    }

    var isComplete: Bool { response != nil }

    func run(_ context: ServerContext, _ streams: ServerCallStreams) async throws {
        response = try await handler(RequestStream(streams.requests), context)
    }

    func withReply(_ body: (PackedReply) -> Void) throws {
        try Self.pack(response, body)
    }
}

/// Runs a handler that gives a stream of messages.
final class StreamingInvocation: Invocation, @unchecked Sendable {
    typealias Handler = @Sendable (ServerContext, ServerCallStreams) async throws -> Void

    private let handler: Handler
    private(set) var isComplete = false

    init(_ handler: @escaping Handler) {
        self.handler = handler
    }

    func run(_ context: ServerContext, _ streams: ServerCallStreams) async throws {
        try await handler(context, streams)
        isComplete = true
    }

    func withReply(_ body: (PackedReply) -> Void) {
        body(PackedReply(byteCount: 0) { _ in })
    }
}

extension Invocation {
    fileprivate static func pack(_ response: (some MeshMessage)?, _ body: (PackedReply) -> Void) throws {
        try response?.withPrepared { prepared in
            body(PackedReply(byteCount: prepared.byteCount) { prepared.write(to: $0) })
        }
    }
}
