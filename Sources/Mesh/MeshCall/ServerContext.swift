public import Logging
internal import NIOCore

/// What a handler knows about the call that it serves.
public struct ServerContext: Sendable {
    let call: ServerCall

    init(_ call: ServerCall) {
        self.call = call
    }

    /// A context without a call, for tests of handlers.
    public init(
        method: MethodDescriptor, peer: PeerIdentity, metadata: Metadata = [:], deadline: ContinuousClock.Instant,
        principal: Principal? = nil, logger: Logger
    ) {
        let entry = MethodTable.Entry(MethodImplementation(method) { _ in { _, _ in } })
        call = ServerCall(
            streamID: 0, method: entry, metadata: metadata, deadline: NIODeadline(deadline), scope: PeerScope(peer: peer, logger: logger))
        call.principal = principal
    }

    /// The method that is served.
    public var method: MethodDescriptor { call.descriptor }
    /// Who calls: the identity in its certificate.
    public var peer: PeerIdentity { call.scope.peer }
    /// Request metadata.
    public var metadata: Metadata { call.metadata }
    /// When the caller stops waiting. Calls that the handler makes inherit it.
    public var deadline: ContinuousClock.Instant { call.deadline.instant }
    /// Travels from gateway through every call of one request.
    public var requestID: String { call.requestID }
    /// The verified user token; nil when the policy lets this caller come without one.
    public var principal: Principal? { call.principal }
    /// Writes the request's id, the method and the caller into every line.
    public var logger: Logger { call.logger }
    /// Response metadata and trailers that the handler sets.
    public var response: ResponseMetadata { call.response }

    /// The person on whose behalf the call runs.
    ///
    /// - Throws: `RPCError` UNAUTHENTICATED when the call carries no user token.
    public func user() throws -> Principal {
        guard let principal else {
            throw RPCError(.unauthenticated, "This call needs a user token.", reason: "TOKEN_REQUIRED")
        }
        return principal
    }
}
