internal import FoundationEssentials
internal import Identity
internal import MeshCall

/// Checks the user tokens of calls to auth itself, with the keys that signed them.
struct OwnKeysAuthenticator: TokenAuthenticator {
    let verifier: TokenVerifier
    let keys: TokenKeySet
    let clock: @Sendable () -> Date

    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        do {
            let verified = try await verifier.verify(token, accepting: Set(accepted.map(\.rawValue)), keys: keys, now: clock())
            return try Self.principal(verified)
        } catch let failure as TokenFailure {
            throw Self.refusal(failure)
        }
    }

    /// The token in an `authorization` value.
    static func bearer(_ value: String) -> String? {
        let scheme = "Bearer "
        return value.hasPrefix(scheme) ? String(value.dropFirst(scheme.count)) : nil
    }

    private static func principal(_ token: VerifiedToken) throws(TokenFailure) -> Principal {
        guard let type = TokenType(rawValue: token.type) else { throw .header("typ") }
        return Principal(
            userID: token.userID, tokenType: type, scope: token.scope, methods: token.methods, tokenID: token.tokenID,
            actor: token.actor, digest: token.digest, expiresAt: token.expiresAt)
    }

    private static func refusal(_ failure: TokenFailure) -> RPCError {
        failure == .expired
            ? RPCError(.unauthenticated, "The token has expired.", reason: "TOKEN_EXPIRED", cause: failure)
            : RPCError(.unauthenticated, "The token is not valid.", reason: "TOKEN_INVALID", cause: failure)
    }
}
