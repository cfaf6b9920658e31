package import Logging
internal import MeshMessages
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

    var hasInterceptors: Bool { !interceptors.isEmpty }

    /// - Parameters: names as they stand in the Request.
    func method(_ service: UnsafeRawBufferPointer, _ name: UnsafeRawBufferPointer) -> MethodImplementation? {
        methods.method(service, name)
    }

    /// Logs a call of a method that is not here. Its name is the caller's invention, so only its plain characters are shown.
    func refusedUnknown(_ service: String, _ method: String, _ peer: PeerIdentity) {
        let plain = "/\(service)/\(method)".unicodeScalars.prefix(200).map { (0x21...0x7e).contains($0.value) ? Character($0) : "?" }
        logger.warning("call refused", metadata: ["code": "UNIMPLEMENTED", "method": "\(String(plain))", "peer": "\(peer.name)"])
    }

    /// Runs one call to its end: policy, interceptors, handler. The reply stays in the call's invocation.
    ///
    /// - Throws: `RPCError` only.
    func serve(_ call: ServerCall, _ streams: ServerCallStreams) async throws(RPCError) {
        if call.invocation == nil { try await admit(call) }
        do {
            try await CallContext.$current.withValue(CallContext(call)) { try await run(call, streams) }
        } catch {
            throw Self.answer(to: error, call)
        }
    }

    func admitsWithoutUser(_ call: ServerCall) -> Bool { gate.admitsWithoutUser(call) }

    private func admit(_ call: ServerCall) async throws(RPCError) {
        do {
            call.principal = try await gate.admit(call.descriptor, peer: call.scope.peer, metadata: call.metadata)
        } catch {
            let refusal = Self.answer(to: error, call)
            call.logger.warning(
                "call refused", metadata: ["code": "\(refusal.code)", "reason": "\(refusal.reason ?? "-")", "why": "\(refusal.message)"])
            // Anything else, such as keys that cannot be had, says nothing of who calls.
            if refusal.code == .permissionDenied || refusal.code == .unauthenticated {
                let reason = refusal.reason ?? "\(refusal.code)"
                refusals?.refused(CallRefusal(method: call.descriptor, peer: call.scope.peer, reason: reason, requestID: call.requestID))
            }
            throw refusal
        }
        do {
            call.invocation = try call.unpack?()
        } catch {
            throw Self.answer(to: error, call)
        }
    }

    private func run(_ call: ServerCall, _ streams: ServerCallStreams) async throws {
        guard let invocation = call.invocation else { return }
        guard hasInterceptors else { return try await invocation(ServerContext(call), streams) }
        try await intercepted(0, ServerContext(call)) { context in try await invocation(context, streams) }
        guard call.reply.isThere else {
            throw RPCError(.internalError, Self.internalMessage, cause: InterceptorSwallowedCall())
        }
    }

    private func intercepted(
        _ index: Int, _ context: ServerContext, _ handler: @escaping @Sendable (ServerContext) async throws -> Void
    ) async throws {
        guard index < interceptors.count else { return try await handler(context) }
        try await interceptors[index].intercept(context) { try await self.intercepted(index + 1, $0, handler) }
    }

    // MARK: Errors

    static let internalMessage = "The service failed."

    /// What the caller may learn of an error. Everything that is not an `RPCError` stays in the log.
    private static func answer(to error: any Error, _ call: ServerCall) -> RPCError {
        switch error {
        case let error as RPCError:
            if let cause = error.cause { call.logger.notice("call failed", metadata: ["code": "\(error.code)", "cause": "\(cause)"]) }
            return error
        case let error as MessageError where error.reason == .tooLong:
            return .replyTooLong
        case is CancellationError:
            return RPCError(.cancelled, "The call was cancelled.")
        default:
            call.logger.error("call failed unexpectedly", metadata: ["cause": "\(error)"])
            return RPCError(.internalError, internalMessage, cause: error)
        }
    }
}

/// An interceptor returned without an error and without calling on.
private struct InterceptorSwallowedCall: Error {}
