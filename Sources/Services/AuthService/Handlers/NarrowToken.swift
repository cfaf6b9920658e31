internal import FoundationEssentials
internal import Identity
internal import MeshCall
internal import ServiceAPI
internal import ServiceKit

extension AuthHandler {
    /// Hands the bearer of an access token one for the agent, which can do less and ends no later.
    func narrowToken(_ request: AuthV1.NarrowTokenRequest, context: ServerContext) async throws -> AuthV1.NarrowTokenResponse {
        let token = try await liveToken(of: context)
        guard !request.scope.isEmpty, request.scope.count <= SessionRules.agentScope.count else {
            throw RPCError(.invalidArgument, "Name one to \(SessionRules.agentScope.count) scopes.", reason: "INVALID_SCOPE")
        }
        let surplus = Set(request.scope).subtracting(SessionRules.agentScope)
        guard surplus.isEmpty else { throw Self.scopeNotHeld }
        do {
            let issued = try await tokens.issuer.agent(for: token, scope: Set(request.scope).sorted(), now: clock())
            try await store.record(
                issued: AuthEvents(context).narrowed(token.userID, tokenID: issued.tokenID, scope: Set(request.scope).sorted()))
            return AuthV1.NarrowTokenResponse(token: issued.token, expiresIn: issued.expiresIn)
        } catch TokenIssuer.Failure.scopeNotHeld {
            throw Self.scopeNotHeld
        } catch TokenIssuer.Failure.notNarrowable {
            throw Self.sessionEnded
        }
    }

    private static var scopeNotHeld: RPCError {
        RPCError(.permissionDenied, "The agent may not be given that scope.", reason: "SCOPE_NOT_ALLOWED")
    }

    /// The call's access token, of a session that nobody has ended. Elsewhere a token is good for its five minutes; what mints new ones
    /// asks the database.
    func liveToken(of context: ServerContext) async throws -> VerifiedToken {
        let principal = try context.user()
        guard let token = context.metadata["authorization"].flatMap(OwnKeysAuthenticator.bearer) else { throw Self.sessionEnded }
        let verified = try await verified(token)
        guard let sessionID = verified.sessionID, verified.userID == principal.userID,
            try await store.isLive(sessionID: sessionID, of: verified.userID, now: now)
        else { throw Self.sessionEnded }
        return verified
    }

    private func verified(_ token: String) async throws -> VerifiedToken {
        do {
            return try await verifier.verify(token, accepting: [TokenKind.access.rawValue], keys: tokens.keySet, now: clock())
        } catch let failure as TokenFailure {
            throw RPCError(refusing: failure)
        }
    }
}
