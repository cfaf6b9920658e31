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
    private let lines = LogThrottle(linesPerSecond: linesPerSecond)
    /// Of one peer and reason in the log about refused calls.
    static let linesPerSecond = 20
    /// Nil where only each connection bounds the bytes that its peer makes it hold.
    let requests: RequestBudget?

    package init(
        services: [ServiceDefinition], authenticator: (any TokenAuthenticator)?, interceptors: [any ServerInterceptor],
        refusals: (any RefusalObserver)? = nil, admission: AdmissionController? = nil, requests: RequestBudget? = nil,
        logger: Logger
    ) {
        methods = MethodTable(services, admission: admission)
        gate = PolicyGate(authenticator: authenticator)
        self.interceptors = interceptors
        self.refusals = refusals
        self.requests = requests
        self.logger = logger
    }

    var hasInterceptors: Bool { !interceptors.isEmpty }

    /// - Parameters: names as they stand in the Request.
    /// - Returns: one that lives as long as this.
    func method(_ service: UnsafeRawBufferPointer, _ name: UnsafeRawBufferPointer) -> Unmanaged<MethodTable.Entry>? {
        methods.method(service, name)
    }

    /// Logs a call whose handler does not begin, and has it counted. A flood of them is as many lines as one can read; each says how many were left out.
    func refused(_ refusal: RPCError, _ request: RefusedRequest, _ peer: PeerIdentity) {
        log(refusal, request, peer)
        notServed(request.method, refusal.code, peer)
    }

    private func log(_ refusal: RPCError, _ request: RefusedRequest, _ peer: PeerIdentity) {
        guard let leftOut = lines.admit(LogThrottle.Cause(peer: peer.name, reason: refusal.reason ?? "\(refusal.code)")) else { return }
        logger.warning("call refused", metadata: Self.fields(of: refusal, request, peer, leftOut))
    }

    /// A call ends because of what its client sends on its stream, or does not send. One whose handler has begun is the interceptors' to count.
    func cutOff(_ call: ServerCall, _ refusal: RPCError) {
        log(refusal, RefusedRequest(call), call.scope.peer)
        if call.worker == nil { notServed(call.descriptor, refusal.code, call.scope.peer) }
    }

    /// As ``refused(_:_:_:)``, of a call that there is no room for.
    func shed(_ refusal: RPCError, _ request: RefusedRequest, _ peer: PeerIdentity) {
        refusals?.shed(request.method, of: peer)
        refused(refusal, request, peer)
    }

    private func notServed(_ method: MethodDescriptor?, _ code: StatusCode, _ peer: PeerIdentity) {
        guard hasInterceptors else { return }
        let call = UnservedCall(method: method, code: code, peer: peer)
        for interceptor in interceptors { interceptor.notServed(call) }
    }

    private static func plain(_ names: (service: String, method: String)) -> String {
        let characters = "/\(names.service)/\(names.method)".unicodeScalars.prefix(200)
        return String(characters.map { (0x21...0x7e).contains($0.value) ? Character($0) : "?" })
    }

    /// Of the names only plain characters are shown.
    private static func fields(of refusal: RPCError, _ request: RefusedRequest, _ peer: PeerIdentity, _ leftOut: Int) -> Logger.Metadata {
        var fields: Logger.Metadata = [
            "method": "\(request.names.map(plain) ?? "-")", "peer": "\(peer.name)", "request_id": "\(request.requestID())",
            "code": "\(refusal.code)", "reason": "\(refusal.reason ?? "-")", "why": "\(refusal.message)",
        ]
        if let cause = refusal.cause { fields["cause"] = "\(cause)" }
        if leftOut > 0 { fields["lines_left_out"] = "\(leftOut)" }
        return fields
    }

    func admitsWithoutUser(_ call: ServerCall) -> Bool { gate.admitsWithoutUser(call) }

    /// Asks the policy, and then makes the invocation.
    func admit(_ call: ServerCall) async throws {
        do {
            call.principal = try await gate.admit(call.descriptor, peer: call.scope.peer, metadata: call.metadata)
            call.needsToken = false
            call.invocation = try call.unpack?()
        } catch {
            var refusal = Self.safe(error)
            refused(refusal, RefusedRequest(call), call.scope.peer)
            // Anything else, such as keys that cannot be had, says nothing of who calls.
            if refusal.code == .permissionDenied || refusal.code == .unauthenticated {
                let reason = refusal.reason ?? "\(refusal.code)"
                refusals?.refused(CallRefusal(method: call.descriptor, peer: call.scope.peer, reason: reason, requestID: call.requestID))
            }
            // The line above has said it.
            refusal.cause = nil
            throw refusal
        }
    }

    /// Runs the handler of an admitted call inside the interceptors.
    func intercepted(_ call: ServerCall, _ streams: ServerCallStreams) async throws {
        guard let invocation = call.invocation else { return }
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

    /// What the caller is told of an error; the log gets its cause.
    func answer(to error: any Error, _ call: ServerCall) -> RPCError {
        let answer = Self.safe(error)
        guard let cause = answer.cause else { return answer }
        if error is RPCError {
            call.logger.notice("call failed", metadata: ["code": "\(answer.code)", "cause": "\(cause)"])
        } else {
            call.logger.error("call failed unexpectedly", metadata: ["cause": "\(cause)"])
        }
        return answer
    }

    /// What the caller may learn of an error. Everything that is not an `RPCError` stays in the log.
    private static func safe(_ error: any Error) -> RPCError {
        switch error {
        case let error as RPCError: error
        case let error as MessageError where error.reason == .tooLong: .replyTooLong
        case is CancellationError: RPCError(.cancelled, "The call was cancelled.")
        default: RPCError(.internalError, internalMessage, cause: error)
        }
    }
}

/// An interceptor returned without an error and without calling on.
private struct InterceptorSwallowedCall: Error {}
