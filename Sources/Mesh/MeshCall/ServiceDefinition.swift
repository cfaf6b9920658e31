public import NIOCore

/// A service's methods with their code: what a server is made of. Generated registrations build it from a handler.
public struct ServiceDefinition: Sendable {
    /// Full proto name.
    public let name: String
    /// Its methods, each with its handler.
    public let methods: [MethodImplementation]

    public init(name: String, methods: [MethodImplementation]) {
        self.name = name
        self.methods = methods
    }
}

/// One method with its code.
public struct MethodImplementation: Sendable {
    /// Code that takes and gives packed messages.
    public enum Body: Sendable {
        case unary(@Sendable (ByteBuffer, ServerContext) async throws -> ByteBuffer)
        case serverStreaming(@Sendable (ByteBuffer, any ResponseSink, ServerContext) async throws -> Void)
        case clientStreaming(@Sendable (RequestMessages, ServerContext) async throws -> ByteBuffer)
        case bidirectional(@Sendable (RequestMessages, any ResponseSink, ServerContext) async throws -> Void)
    }

    /// What the `.proto` says of it.
    public let descriptor: MethodDescriptor
    /// Makes an invocation from the message in the Request; what it is given is good during the call only.
    package let invoke: @Sendable (UnsafeRawBufferPointer) throws -> Invocation
    /// Runs one call after the other, for servers without interceptors. A unary method's only; nil where each call has an invocation.
    package let run: (@concurrent @Sendable (CallWorker) async -> Void)?

    public init(_ descriptor: MethodDescriptor, _ body: Body) {
        self.init(descriptor) { body.invocation(ByteBuffer(bytes: $0)) }
    }

    @usableFromInline
    package init(_ descriptor: MethodDescriptor, invoke: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Invocation) {
        self.init(descriptor, invoke: invoke, run: nil)
    }

    @usableFromInline
    package init(
        _ descriptor: MethodDescriptor, invoke: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Invocation,
        run: (@concurrent @Sendable (CallWorker) async -> Void)?
    ) {
        self.descriptor = descriptor
        self.run = run
        self.invoke = invoke
    }
}

/// Where a streaming handler writes its packed messages.
public protocol ResponseSink: Sendable {
    /// Returns when the message is on its way; waits while the receiver's window is full.
    ///
    /// - Throws: `RPCError` CANCELLED or DEADLINE_EXCEEDED when the caller is gone.
    func send(_ message: ByteBuffer) async throws
}

/// The packed messages that a client streams to a handler, for one reader.
public struct RequestMessages: AsyncSequence, Sendable {
    @usableFromInline let buffer: MessageBuffer

    @usableFromInline
    init(buffer: MessageBuffer) {
        self.buffer = buffer
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let buffer: MessageBuffer

        /// The next message; nil once the client has said that it sends no more.
        ///
        /// - Throws: `RPCError` CANCELLED or DEADLINE_EXCEEDED when the caller is gone.
        public mutating func next() async throws -> ByteBuffer? { try await buffer.nextBytes() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(buffer: buffer) }
}
