internal import Cryptography
internal import MeshCall

/// Whether e-mail address, password and one-time code belong together. Whatever is wrong, the work and the answer are the same:
/// one look-up, one run of the password hash, one set of codes.
struct CredentialCheck: Sendable {
    struct Credentials {
        let email: EmailAddress
        let password: String
        let code: String

        /// - Throws: `RPCError` INVALID_ARGUMENT for what cannot be anybody's credentials.
        init(email: String, password: String, code: String) throws {
            self.email = try EmailAddress(email)
            try PasswordRules.checkBearable(password)
            self.password = password
            self.code = code
        }
    }

    /// Codes need the step recorded, once, by whoever acts on this.
    struct Accepted {
        let account: Account
        let step: Int64
    }

    /// For the audit log alone; the caller learns only that something is wrong.
    enum Refusal: String {
        case unknownAccount = "UNKNOWN_ACCOUNT"
        case wrongPassword = "WRONG_PASSWORD"
        case wrongCode = "WRONG_CODE"
        case notConfirmed = "NOT_CONFIRMED"
        case alreadyConfirmed = "ALREADY_CONFIRMED"
    }

    enum Verdict {
        case accepted(Accepted)
        /// The account's owner, if there is one, may read of it in their audit records.
        case refused(Refusal, userID: String?)
    }

    let seals: AuthSeals
    let hasher: PasswordHasher

    /// - Parameters:
    ///   - account: what the address led to.
    ///   - confirming: whether this is the enrolment's first code, which an account takes once.
    ///   - seconds: now, since 1970.
    /// - Throws: `RPCError` RESOURCE_EXHAUSTED when too many passwords are being checked already; `CancellationError`.
    func verdict(
        on credentials: Credentials, for account: Account?, confirming: Bool, at seconds: Int64
    ) async throws -> Verdict {
        let passwordIsRight = try await check(credentials.password, of: account)
        let step = try TOTP(seed: seals.seed(of: account)).matchingStep(
            for: credentials.code, at: seconds, after: account?.lastStep)
        guard let account else { return .refused(.unknownAccount, userID: nil) }
        guard passwordIsRight else { return .refused(.wrongPassword, userID: account.userID) }
        guard account.isConfirmed != confirming else {
            return .refused(confirming ? .alreadyConfirmed : .notConfirmed, userID: account.userID)
        }
        guard let step else { return .refused(.wrongCode, userID: account.userID) }
        return .accepted(Accepted(account: account, step: step))
    }

    private func check(_ password: String, of account: Account?) async throws -> Bool {
        try await Self.asRPC {
            guard let account else {
                try await hasher.verifyAgainstNothing(password)
                return false
            }
            return try await hasher.verify(password, against: account.passwordHash)
        }
    }

    /// Says in the wire's terms that the password hash could not be run.
    static func asRPC<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch PasswordHasher.Failure.busy {
            throw RPCError(
                .resourceExhausted, "Too many sign-ins at once. Try again in a moment.", reason: "BUSY", retryAfter: .seconds(1))
        }
    }
}
