public import Logging

/// What a handler knows about the call that it serves.
public struct ServerContext: Sendable {
    public let method: MethodDescriptor
    public let peer: PeerIdentity
    /// Request metadata.
    public let metadata: Metadata
    /// When the caller stops waiting. Calls that the handler makes inherit it.
    public let deadline: ContinuousClock.Instant
    /// Travels from gateway through every call of one request.
    public let requestID: String
    /// The verified user token; nil when the policy lets this caller come without one.
    public let principal: Principal?
    public let logger: Logger
    /// Response metadata and trailers that the handler sets.
    public let response: ResponseMetadata

    public init(
        method: MethodDescriptor, peer: PeerIdentity, metadata: Metadata, deadline: ContinuousClock.Instant, requestID: String,
        principal: Principal?, logger: Logger, response: ResponseMetadata = ResponseMetadata()
    ) {
        self.method = method
        self.peer = peer
        self.metadata = metadata
        self.deadline = deadline
        self.requestID = requestID
        self.principal = principal
        self.logger = logger
        self.response = response
    }

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
