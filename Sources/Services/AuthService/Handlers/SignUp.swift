internal import Cryptography
internal import FoundationEssentials
internal import MeshCall
internal import ServiceAPI

extension AuthHandler {
    /// Takes an address and a password and hands out the second factor to set up.
    ///
    /// An address that has an account is answered like any other, after the same work, with an enrolment that leads nowhere: who has an
    /// account here is nobody's business.
    func signUp(_ request: AuthV1.SignUpRequest, context: ServerContext) async throws -> AuthV1.SignUpResponse {
        let email = try EmailAddress(request.email)
        try PasswordRules.check(request.password, for: email)
        let userID = UUID().uuidString.lowercased()
        let seed = SecureRandom.bytes(TOTP.seedSize)
        let account = NewAccount(
            userID: userID, emailIndex: try seals.index(of: email), sealedEmail: try seals.seal(email, of: userID),
            passwordHash: try await CredentialCheck.asRPC { try await hasher.hash(request.password) },
            sealedSeed: try seals.seal(seed: seed, of: userID))
        let events = AuthEvents(context)
        let insertion = try await store.create(account, now: now) { events.signedUp(userID, $0) }
        if insertion == .tooManyPending {
            throw RPCError(
                .resourceExhausted, "Too many sign-ups are waiting for confirmation. Try again later.", reason: "TOO_MANY_PENDING",
                retryAfter: .seconds(60))
        }
        return AuthV1.SignUpResponse(userId: userID, enrolment: Self.enrolment(seed, email))
    }

    private static func enrolment(_ seed: [UInt8], _ email: EmailAddress) -> AuthV1.TotpEnrolment {
        AuthV1.TotpEnrolment(
            secret: Base32.encode(seed), uri: TOTP.enrolmentURI(issuer: "CryptoPulse", account: email.text, seed: seed))
    }
}
