package import Logging
internal import NIOCore

/// What all connections of a server share: its methods, its policy, its interceptors.
package final class Dispatcher: Sendable {
    private let methods: MethodTable
    private let gate: PolicyGate
    private let interceptors: [any ServerInterceptor]
    private let refusals: (any RefusalObserver)?
    package let logger: Logger

    package init(
        services: [ServiceDefinition], authenticator: (any TokenAuthenticator)?, interceptors: [any ServerInterceptor],
        refusals: (any RefusalObserver)? = nil, logger: Logger
    ) {
        methods = MethodTable(services)
        gate = PolicyGate(authenticator: authenticator)
        self.interceptors = interceptors
        self.refusals = refusals
        self.logger = logger
    }

    func method(_ service: String, _ name: String) -> MethodImplementation? {
        methods.method(service, name)
    }

    /// Logs a call of a method that is not here. Its name is the caller's invention, so only its plain characters are shown.
    func refusedUnknown(_ service: String, _ method: String, _ peer: PeerIdentity) {
        let plain = "/\(service)/\(method)".unicodeScalars.prefix(200).map { (0x21...0x7e).contains($0.value) ? Character($0) : "?" }
        logger.warning("call refused", metadata: ["code": "UNIMPLEMENTED", "method": "\(String(plain))", "peer": "\(peer.name)"])
    }

    /// Runs one call to its end: policy, interceptors, handler.
    ///
    /// - Returns: the packed reply; empty for a streaming method, whose messages went to `sink`.
    /// - Throws: `RPCError` only.
    func serve(
        _ method: MethodImplementation, _ message: ByteBuffer, from peer: PeerIdentity, metadata: Metadata,
        deadline: ContinuousClock.Instant, response: ResponseMetadata, sink: any ResponseSink
    ) async throws(RPCError) -> ByteBuffer {
        let requestID = Self.requestID(metadata)
        var logger = logger
        logger[metadataKey: "request_id"] = "\(requestID)"
        logger[metadataKey: "method"] = "\(method.descriptor.path)"
        logger[metadataKey: "peer"] = "\(peer.name)"
        let principal = try await admit(method.descriptor, peer, metadata, requestID, logger)
        let context = ServerContext(
            method: method.descriptor, peer: peer, metadata: metadata, deadline: deadline, requestID: requestID, principal: principal,
            logger: logger, response: response)
        do {
            return try await CallContext.$current.withValue(CallContext(deadline: deadline, requestID: requestID)) {
                try await run(method, message, context, sink)
            }
        } catch {
            throw Self.answer(to: error, logger)
        }
    }

    private func admit(
        _ method: MethodDescriptor, _ peer: PeerIdentity, _ metadata: Metadata, _ requestID: String, _ logger: Logger
    ) async throws(RPCError) -> Principal? {
        do {
            return try await gate.admit(method, peer: peer, metadata: metadata)
        } catch {
            let refusal = Self.answer(to: error, logger)
            logger.warning(
                "call refused", metadata: ["code": "\(refusal.code)", "reason": "\(refusal.reason ?? "-")", "why": "\(refusal.message)"])
            // Anything else, such as keys that cannot be had, says nothing of who calls.
            if refusal.code == .permissionDenied || refusal.code == .unauthenticated {
                let reason = refusal.reason ?? "\(refusal.code)"
                refusals?.refused(CallRefusal(method: method, peer: peer, reason: reason, requestID: requestID))
            }
            throw refusal
        }
    }

    private func run(
        _ method: MethodImplementation, _ message: ByteBuffer, _ context: ServerContext, _ sink: any ResponseSink
    ) async throws -> ByteBuffer {
        guard !interceptors.isEmpty else { return try await Self.call(method, message, context, sink) }
        let reply = Reply()
        try await intercepted(0, context) { context in
            reply.bytes = try await Self.call(method, message, context, sink)
        }
        guard let bytes = reply.bytes else {
            throw RPCError(.internalError, Self.internalMessage, cause: InterceptorSwallowedCall())
        }
        return bytes
    }

    private func intercepted(
        _ index: Int, _ context: ServerContext, _ handler: @escaping @Sendable (ServerContext) async throws -> Void
    ) async throws {
        guard index < interceptors.count else { return try await handler(context) }
        try await interceptors[index].intercept(context) { try await self.intercepted(index + 1, $0, handler) }
    }

    private static func call(
        _ method: MethodImplementation, _ message: ByteBuffer, _ context: ServerContext, _ sink: any ResponseSink
    ) async throws -> ByteBuffer {
        switch method.body {
        case .unary(let body): return try await body(message, context)
        case .serverStreaming(let body):
            try await body(message, sink, context)
            return ByteBuffer()
        }
    }

    // MARK: Errors

    static let internalMessage = "The service failed."

    /// What the caller may learn of an error. Everything that is not an `RPCError` stays in the log.
    private static func answer(to error: any Error, _ logger: Logger) -> RPCError {
        switch error {
        case let error as RPCError:
            if let cause = error.cause { logger.notice("call failed", metadata: ["code": "\(error.code)", "cause": "\(cause)"]) }
            return error
        case is CancellationError:
            return RPCError(.cancelled, "The call was cancelled.")
        default:
            logger.error("call failed unexpectedly", metadata: ["cause": "\(error)"])
            return RPCError(.internalError, internalMessage, cause: error)
        }
    }

    private static let maximumRequestIDBytes = 128

    /// The caller's request id where it is fit for a log line, a new one otherwise.
    private static func requestID(_ metadata: Metadata) -> String {
        guard let id = metadata[CallContext.requestIDKey], !id.isEmpty, id.utf8.count <= maximumRequestIDBytes,
            id.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return CallContext.makeRequestID() }
        return id
    }
}

/// An interceptor returned without an error and without calling on.
private struct InterceptorSwallowedCall: Error {}
