import MeshCall

/// Tokens of the form `agent-<person>`, narrowed as gateway has them narrowed.
struct TestPeople: TokenAuthenticator {
    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        guard token.hasPrefix("agent-"), accepted.contains(.agent) else {
            throw RPCError(.unauthenticated, "The token is not valid.", reason: "TOKEN_INVALID")
        }
        return Principal(
            userID: String(token.dropFirst(6)), tokenType: .agent, scope: ["market:read", "portfolio:read", "order:propose"],
            methods: ["pwd"],
            tokenID: "t", actor: "agent", expiresAt: .max)
    }
}
