internal import Cryptography
internal import FoundationEssentials
internal import Identity
internal import MeshCall
internal import ServiceAPI

extension AuthHandler {
    func signIn(_ request: AuthV1.SignInRequest, context: ServerContext) async throws -> AuthV1.Session {
        let credentials = try CredentialCheck.Credentials(email: request.email, password: request.password, code: request.code)
        return try await openSession(with: credentials, confirming: false, context)
    }

    /// The first code proves that the authenticator works; it signs in at once.
    func confirmTotp(_ request: AuthV1.ConfirmTotpRequest, context: ServerContext) async throws -> AuthV1.Session {
        let credentials = try CredentialCheck.Credentials(email: request.email, password: request.password, code: request.code)
        return try await openSession(with: credentials, confirming: true, context)
    }

    private func openSession(
        with credentials: CredentialCheck.Credentials, confirming: Bool, _ context: ServerContext
    ) async throws -> AuthV1.Session {
        let key = try seals.attemptKey(signingIn: credentials.email)
        let failures = try await admitAttempt(key)
        let events = AuthEvents(context)
        switch try await verdict(on: credentials, confirming: confirming, attemptKey: key) {
        case .refused(let refusal, let userID):
            try await store.record(events.refused(refusal.rawValue, userID: userID, failures: failures, confirming: confirming))
            throw Self.invalidCredentials
        case .accepted(let accepted):
            let signIn = newSignIn(accepted, confirming: confirming, attemptKey: key)
            let event = events.signedIn(signIn.session, confirming: confirming)
            guard try await store.signIn(signIn, now: now, event: event) else {
                // Another call took this very code between the check and here.
                try await store.record(
                    events.refused("CODE_USED", userID: accepted.account.userID, failures: failures, confirming: confirming))
                throw Self.invalidCredentials
            }
            try await rehashIfOutdated(credentials.password, of: accepted.account)
            return try await session(signIn.session, signIn.token)
        }
    }

    /// One message for every cause.
    private static var invalidCredentials: RPCError {
        RPCError(
            .unauthenticated,
            "E-mail address, password and code do not belong together, or the code was used before. Each code works once.",
            reason: "INVALID_CREDENTIALS")
    }

    /// Counts the attempt as failed before it is made.
    ///
    /// - Returns: failures in a row.
    /// - Throws: `RPCError` RESOURCE_EXHAUSTED when it comes too early.
    func admitAttempt(_ key: [UInt8]) async throws -> Int64 {
        switch try await store.admitAttempt(key, now: now) {
        case .admitted(let failures): return failures
        case .tooEarly(let wait):
            throw RPCError(
                .resourceExhausted, "Too many failed attempts. Try again in \(wait) s.", reason: "TOO_MANY_ATTEMPTS",
                retryAfter: .seconds(wait))
        }
    }

    private func verdict(
        on credentials: CredentialCheck.Credentials, confirming: Bool, attemptKey: [UInt8]
    ) async throws -> CredentialCheck.Verdict {
        do {
            let account = try await store.account(emailIndex: try seals.index(of: credentials.email))
            return try await credentialCheck.verdict(on: credentials, for: account, confirming: confirming, at: now)
        } catch {
            // Nothing was checked: the attempt does not count against the person.
            try? await store.takeBackAttempt(attemptKey)
            throw error
        }
    }

    private func newSignIn(_ accepted: CredentialCheck.Accepted, confirming: Bool, attemptKey: [UInt8]) -> NewSignIn {
        let session = StoredSession(
            sessionID: UUID().uuidString.lowercased(), userID: accepted.account.userID, expiresAt: now + SessionRules.lifetime,
            isRevoked: false)
        return NewSignIn(
            session: session, token: RefreshToken.fresh(), step: accepted.step, isConfirming: confirming, attemptKey: attemptKey)
    }

    /// Stronger parameters reach old accounts at their next sign-in.
    private func rehashIfOutdated(_ password: String, of account: Account) async throws {
        guard hasher.needsRehash(account.passwordHash) else { return }
        let hash = try await CredentialCheck.asRPC { try await hasher.hash(password) }
        try await store.setPasswordHash(hash, of: account.userID)
    }

    /// The session as its owner gets it, with a fresh access token.
    func session(_ session: StoredSession, _ token: RefreshToken) async throws -> AuthV1.Session {
        let scope = SessionRules.scope(of: try await standings.standing(of: session.userID))
        let access = try await tokens.issuer.access(
            userID: session.userID, scope: scope, methods: ["pwd", "otp"], sessionID: session.sessionID, now: clock())
        return AuthV1.Session(
            userId: session.userID, accessToken: access.token, accessExpiresIn: access.expiresIn, refreshToken: token.text,
            refreshExpiresIn: UInt32(clamping: session.expiresAt - now), scope: scope)
    }
}
