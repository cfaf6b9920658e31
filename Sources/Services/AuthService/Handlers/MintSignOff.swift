internal import Cryptography
internal import FoundationEssentials
internal import Identity
internal import MeshCall
internal import ServiceAPI

extension AuthHandler {
    /// Vouches for one person's consent to one digest: with a one-time code by `otp`, else by the session, `pwd`.
    /// Whether that is enough for the order, execution decides.
    func mintSignOff(_ request: AuthV1.MintSignOffRequest, context: ServerContext) async throws -> AuthV1.MintSignOffResponse {
        let token = try await liveToken(of: context)
        guard request.digest.count == 32 else {
            throw RPCError(.invalidArgument, "A digest has 32 bytes.", reason: "INVALID_DIGEST")
        }
        if let wait = signOffRate.take(token.userID) {
            throw RPCError(
                .resourceExhausted, "Too many sign-offs at once. Try again in a moment.", reason: "RATE_LIMITED", retryAfter: wait)
        }
        try await checkVerified(token.userID, digest: request.digest, context)
        let step = try await request.code.isEmpty ? nil : self.step(of: request.code, token.userID, digest: request.digest, context)
        let method = step == nil ? "pwd" : "otp"
        let issued = try await tokens.issuer.signOff(userID: token.userID, digest: request.digest, methods: [method], now: clock())
        let minted = AuthEvents(context).signOffMinted(
            token.userID, tokenID: issued.tokenID, digest: Hex.encode(request.digest), method: method)
        guard try await store.signOff(of: token.userID, step: step, attemptKey: try seals.attemptKey(signingOff: token.userID), event: minted)
        else { throw try await refusedCode(of: token.userID, digest: request.digest, context) }
        return AuthV1.MintSignOffResponse(token: issued.token, expiresIn: issued.expiresIn)
    }

    /// By the database, not by the token: a verification that was withdrawn counts no more from that moment on.
    private func checkVerified(_ userID: String, digest: [UInt8], _ context: ServerContext) async throws {
        guard PersonScopes.needsVerification(in: environment), try await standings.standing(of: userID)?.verifiedAt == nil else { return }
        try await store.record(AuthEvents(context).signOffRefused(userID, digest: Hex.encode(digest), reason: "NOT_VERIFIED"))
        throw RPCError(.failedPrecondition, "In production only a verified person trades. Ask for verification.", reason: "NOT_VERIFIED")
    }

    /// The step that a code belongs to; it is not taken yet.
    private func step(of code: String, _ userID: String, digest: [UInt8], _ context: ServerContext) async throws -> Int64 {
        _ = try await admitAttempt(try seals.attemptKey(signingOff: userID))
        guard let account = try await store.account(of: userID), account.isConfirmed else { throw Self.sessionEnded }
        let step = try TOTP(seed: seals.seed(of: account)).matchingStep(for: code, at: now, after: account.lastStep)
        guard let step else { throw try await refusedCode(of: userID, digest: digest, context) }
        return step
    }

    /// PERMISSION_DENIED, and not UNAUTHENTICATED: the session is good.
    private func refusedCode(of userID: String, digest: [UInt8], _ context: ServerContext) async throws -> RPCError {
        try await store.record(AuthEvents(context).signOffRefused(userID, digest: Hex.encode(digest), reason: "WRONG_CODE"))
        return RPCError(
            .permissionDenied, "The code is wrong or was used before. Each code works once; the next comes within 30 s.",
            reason: "INVALID_CODE")
    }
}
