internal import MeshCall
internal import MeshTLS

extension RPCError {
    static let clientClosed = RPCError(.unavailable, "This client is closed.", reason: "CLIENT_CLOSED")

    static let tooManyWait = RPCError(.resourceExhausted, "Too many calls wait for a connection.", reason: "TOO_MANY_CALLS")

    /// A peer that is not who it should be is UNAVAILABLE too: UNAUTHENTICATED would speak of the caller's own token.
    static func unreachable(_ cause: (any Error)?) -> RPCError {
        let refused = (cause as? MeshTLSError)?.isAuthenticationFailure == true
        return RPCError(
            .unavailable, refused ? "The peer was refused or refused us." : "The peer cannot be reached.",
            reason: refused ? "PEER_REFUSED" : "UNREACHABLE", cause: cause)
    }

    static func unresolved(_ cause: (any Error)?) -> RPCError {
        RPCError(.unavailable, "The peer's addresses cannot be found.", reason: "UNREACHABLE", cause: cause)
    }
}
