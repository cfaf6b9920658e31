internal import MeshCall
internal import ServiceAPI

extension AuthHandler {
    func refresh(_ request: AuthV1.RefreshRequest, context: ServerContext) async throws -> AuthV1.Session {
        guard let old = RefreshToken(request.refreshToken) else { throw Self.sessionEnded }
        let new = RefreshToken.fresh()
        let events = AuthEvents(context)
        switch try await store.refresh(old, to: new, now: now, event: { events.refreshed($0) }) {
        case .refreshed(let stored): return try await session(stored, new)
        case .unknown, .ended, .reused: throw Self.sessionEnded
        case .tooOften:
            throw RPCError(.resourceExhausted, "This session was refreshed too often. Sign in again.", reason: "TOO_MANY_REFRESHES")
        }
    }

    /// Signing out is done when the session is over, whoever ended it.
    func signOut(_ request: AuthV1.SignOutRequest, context: ServerContext) async throws -> AuthV1.SignOutResponse {
        if let token = RefreshToken(request.refreshToken) {
            let events = AuthEvents(context)
            try await store.signOut(token, now: now) { events.signedOut($0) }
        }
        return AuthV1.SignOutResponse()
    }

    static var sessionEnded: RPCError {
        RPCError(.unauthenticated, "The session is over. Sign in again.", reason: "SESSION_ENDED")
    }
}
