internal import AuditClient
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
        guard signOffRate.admit(token.userID, now: clock().timeIntervalSince1970) else {
            throw RPCError(
                .resourceExhausted, "Too many sign-offs at once. Try again in a moment.", reason: "RATE_LIMITED", retryAfter: .seconds(2))
        }
        let events = AuthEvents(context)
        let digest = Hex.encode(request.digest)
        if !request.code.isEmpty {
            try await takeCode(request.code, of: token.userID, refused: events.signOffRefused(token.userID, digest: digest, reason: "WRONG_CODE"))
        }
        let method = request.code.isEmpty ? "pwd" : "otp"
        let issued = try await issuer.signOff(userID: token.userID, digest: request.digest, methods: [method], now: clock())
        try await store.record(
            issued: events.signOffMinted(token.userID, tokenID: issued.tokenID, digest: digest, method: method))
        return AuthV1.MintSignOffResponse(token: issued.token, expiresIn: issued.expiresIn)
    }

    /// - Throws: `RPCError` PERMISSION_DENIED with reason INVALID_CODE for a code that is wrong or was used.
    private func takeCode(_ code: String, of userID: String, refused: AuditEvent) async throws {
        let key = seals.attemptKey(signingOff: userID)
        _ = try await admitAttempt(key)
        guard let account = try await store.account(of: userID), account.isConfirmed else { throw Self.sessionEnded }
        let step = try TOTP(seed: seals.seed(of: account)).matchingStep(for: code, at: now, after: account.lastStep)
        if let step, try await store.takeCode(step: step, of: userID, attemptKey: key) { return }
        try await store.record(refused)
        throw RPCError(
            .permissionDenied, "The code is wrong or was used before. Each code works once; the next comes within 30 s.",
            reason: "INVALID_CODE")
    }
}
