public import MeshMessages
public import NIOCore

// What the generated stubs call: messages in, messages out.

// On the method and not on the channel: a channel is known by its protocol only, and what is called on that is not specialised.
extension MethodDescriptor {
    /// - Throws: `RPCError`; INVALID_ARGUMENT when the request can't be packed, INTERNAL when the answer is malformed.
    @inlinable
    public func call<Request: MeshMessage, Response: MeshMessage>(
        _ request: Request, on channel: any CallChannel, options: CallOptions
    ) async throws -> Response {
        let request = try ByteBuffer.packing(request)
        let reply: UnaryReply
        if let placed = try channel.place(self, request, options: options) {
            reply = try await placed.reply()
        } else {
            reply = try await channel.unary(self, request, options: options)
        }
        return try .answered(reply.message, by: self)
    }

    /// - Throws: `RPCError`, see ``call(_:on:options:)``; what goes wrong later ends the stream.
    @inlinable
    public func stream<Request: MeshMessage, Response: MeshMessage>(
        _ request: Request, on channel: any CallChannel, options: CallOptions
    ) async throws -> MessageStream<Response> {
        MessageStream(try await channel.serverStreaming(self, .packing(request), options: options), of: self)
    }

    /// - Throws: `RPCError`; what goes wrong later is thrown by the stream's functions.
    @inlinable
    public func clientStream<Request: MeshMessage, Response: MeshMessage>(
        on channel: any CallChannel, options: CallOptions
    ) async throws -> ClientStream<Request, Response> {
        ClientStream(try await channel.clientStreaming(self, options: options), of: self)
    }

    /// - Throws: `RPCError`; what goes wrong later is thrown by the stream's functions.
    @inlinable
    public func bidirectionalStream<Request: MeshMessage, Response: MeshMessage>(
        on channel: any CallChannel, options: CallOptions
    ) async throws -> BidirectionalStream<Request, Response> {
        BidirectionalStream(try await channel.bidirectional(self, options: options), of: self)
    }
}

extension MethodImplementation {
    /// A unary method whose handler takes and gives messages.
    ///
    /// - Parameter run: does the same for one call after the other; what generated code has here spares each of them a call by way of a closure.
    @inlinable
    public static func unary<Request: MeshMessage, Response: MeshMessage>(
        _ method: MethodDescriptor, _ handler: @escaping @Sendable (Request, ServerContext) async throws -> Response,
        run: (@concurrent @Sendable (borrowing UnaryRun<Request, Response>) async -> Void)? = nil
    ) -> MethodImplementation {
        let invoke: @Sendable (UnsafeRawBufferPointer) throws -> Invocation = { bytes in
            let request: Request = try .requested(bytes)
            return { context, streams in try streams.answer(try await handler(request, context)) }
        }
        guard let run else { return MethodImplementation(method, invoke: invoke) }
        return MethodImplementation(method, invoke: invoke) { worker in await run(UnaryRun(worker)) }
    }

    /// A method whose handler takes a message and writes many.
    @inlinable
    public static func serverStreaming<Request: MeshMessage, Response: MeshMessage>(
        _ method: MethodDescriptor,
        _ handler: @escaping @Sendable (Request, ResponseWriter<Response>, ServerContext) async throws -> Void
    ) -> MethodImplementation {
        MethodImplementation(method) { bytes in
            let request: Request = try .requested(bytes)
            return { context, streams in
                try await handler(request, ResponseWriter(streams), context)
                streams.complete()
            }
        }
    }

    /// A method whose handler reads many messages and gives one.
    @inlinable
    public static func clientStreaming<Request: MeshMessage, Response: MeshMessage>(
        _ method: MethodDescriptor, _ handler: @escaping @Sendable (RequestStream<Request>, ServerContext) async throws -> Response
    ) -> MethodImplementation {
        MethodImplementation(method) { _ in
            { context, streams in try streams.answer(try await handler(RequestStream(streams.requests), context)) }
        }
    }

    /// A method whose handler reads and writes many messages.
    @inlinable
    public static func bidirectional<Request: MeshMessage, Response: MeshMessage>(
        _ method: MethodDescriptor,
        _ handler: @escaping @Sendable (RequestStream<Request>, ResponseWriter<Response>, ServerContext) async throws -> Void
    ) -> MethodImplementation {
        MethodImplementation(method) { _ in
            { context, streams in
                try await handler(RequestStream(streams.requests), ResponseWriter(streams), context)
                streams.complete()
            }
        }
    }
}

extension ByteBuffer {
    /// The packed message, written once, into memory of its exact size.
    ///
    /// - Throws: `MessageError`.
    public init<Message: MeshMessage>(packing message: borrowing Message) throws(MessageError) {
        var buffer = ByteBuffer()
        try message.prepare { prepared in
            buffer = ByteBufferAllocator().buffer(capacity: prepared.byteCount)
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: prepared.byteCount) { prepared.write(to: $0) }
        }
        self = buffer
    }

    @inlinable
    static func packing(_ request: some MeshMessage) throws -> ByteBuffer {
        do {
            return try ByteBuffer(packing: request)
        } catch {
            if error.reason == .tooLong { throw RPCError.requestTooLong }
            throw RPCError(.invalidArgument, "The request can't be packed: \(error)", reason: "MALFORMED_REQUEST", cause: error)
        }
    }
}

extension MeshMessage {
    /// Unpacks the readable bytes.
    ///
    /// - Throws: `MessageError`.
    @inlinable
    public init(unpacking buffer: ByteBuffer) throws(MessageError) {
        let result = buffer.withUnsafeReadableBytes { bytes in
            Result { () throws(MessageError) in try Self(packed: bytes) }
        }
        self = try result.get()
    }

    @inlinable
    static func requested(_ bytes: UnsafeRawBufferPointer) throws(RPCError) -> Self {
        do {
            return try Self(packed: bytes)
        } catch {
            throw RPCError(.invalidArgument, "The request is malformed: \(error)", reason: "MALFORMED_REQUEST", cause: error)
        }
    }

    @inlinable
    static func answered(_ bytes: UnsafeRawBufferPointer, by method: MethodDescriptor) throws(RPCError) -> Self {
        do {
            return try Self(packed: bytes)
        } catch {
            throw .malformedAnswer(of: method, error)
        }
    }

    @inlinable
    static func answered(_ bytes: ByteBuffer, by method: MethodDescriptor) throws(RPCError) -> Self {
        let result = bytes.withUnsafeReadableBytes { bytes in
            Result { () throws(RPCError) in try answered(bytes, by: method) }
        }
        return try result.get()
    }
}

extension RPCError {
    @usableFromInline
    static func malformedAnswer(of method: MethodDescriptor, _ cause: any Error) -> RPCError {
        RPCError(.internalError, "The answer of \(method.path) is malformed.", reason: "MALFORMED_RESPONSE", cause: cause)
    }
}
