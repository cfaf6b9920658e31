public import Identity
public import MeshCall

extension Principal {
    /// The person whom a verified token names.
    ///
    /// - Throws: `RPCError` UNAUTHENTICATED for a kind of token that no call takes.
    public init(_ token: VerifiedToken) throws {
        guard let type = TokenType(rawValue: token.type) else { throw RPCError(refusing: TokenFailure.header("typ")) }
        self.init(
            userID: token.userID, tokenType: type, scope: token.scope, methods: token.methods, tokenID: token.tokenID,
            actor: token.actor, digest: token.digest, expiresAt: token.expiresAt)
    }
}

extension RPCError {
    /// What the bearer of a refused token is told: only whether it is too old. The cause is for the log.
    public init(refusing failure: TokenFailure) {
        self.init(
            .unauthenticated, failure == .expired ? "The token has expired." : "The token is not valid.",
            reason: failure == .expired ? "TOKEN_EXPIRED" : "TOKEN_INVALID", cause: failure)
    }
}
