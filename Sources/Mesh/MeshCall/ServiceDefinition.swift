public import NIOCore

/// A service as a server runs it: made by the generated `ServiceDefinition` initialisers from a handler.
public struct ServiceDefinition: Sendable {
    public let name: String
    public let methods: [MethodImplementation]

    public init(name: String, methods: [MethodImplementation]) {
        self.name = name
        self.methods = methods
    }
}

/// One method with its code.
public struct MethodImplementation: Sendable {
    public enum Body: Sendable {
        case unary(@Sendable (ByteBuffer, ServerContext) async throws -> ByteBuffer)
        case serverStreaming(@Sendable (ByteBuffer, any ResponseSink, ServerContext) async throws -> Void)
    }

    public let descriptor: MethodDescriptor
    public let body: Body

    public init(_ descriptor: MethodDescriptor, _ body: Body) {
        self.descriptor = descriptor
        self.body = body
    }
}

/// Where a streaming handler writes its packed messages.
public protocol ResponseSink: Sendable {
    /// Returns when the message is on its way; waits while the receiver's window is full.
    ///
    /// - Throws: `RPCError` CANCELLED or DEADLINE_EXCEEDED when the caller is gone.
    func send(_ message: ByteBuffer) async throws
}
