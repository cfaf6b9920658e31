internal import AuditClient
internal import Cryptography
internal import Identity
internal import MeshCall
internal import ServiceAPI

/// Serves `cryptopulse.auth.v1.Accounts`.
struct AccountsHandler: AuthV1.AccountsHandler {
    let auth: AuthHandler

    private var standings: StandingStore { auth.standings }

    func setRole(_ request: AuthV1.SetRoleRequest, context: ServerContext) async throws -> AuthV1.SetRoleResponse {
        guard let role = Standing.Role(rawValue: request.role) else {
            throw RPCError(.invalidArgument, "A role is 'user' or 'admin'.", reason: "UNKNOWN_ROLE")
        }
        let reason = try IdentityHandler.reason(request.reason)
        let account = try await account(request.email)
        let event = StandingEvents(context).roleSet(role, of: account.userID, reason: reason)
        guard try await standings.set(role, of: account.userID, event: event) else { throw Self.unknownAccount }
        return AuthV1.SetRoleResponse(userId: account.userID, role: role.rawValue)
    }

    /// The scope in the token says that the caller was an admin when they got it; the database says whether they still are. The code says that
    /// it is they who ask, now.
    func recordVerification(
        _ request: AuthV1.RecordVerificationRequest, context: ServerContext
    ) async throws -> AuthV1.RecordVerificationResponse {
        let reason = try IdentityHandler.reason(request.reason)
        let admin = try await auth.liveToken(of: context).userID
        let events = StandingEvents(context)
        do {
            guard try await standings.standing(of: admin)?.role == .admin else { throw Self.notAdmin }
            let step = try await step(of: request.code, admin)
            let person = try await account(request.email).userID
            guard person != admin else { throw Self.ownAccount }
            let verification = Verification(userID: person, adminID: admin, reason: reason, isWithdrawn: request.withdrawn)
            try await record(verification, step: step, events.verified(verification))
            return AuthV1.RecordVerificationResponse(userId: person, verifiedAt: request.withdrawn ? 0 : auth.now)
        } catch let refusal as RPCError where refusal.code != .unavailable {
            try await auth.store.record(events.refused(admin, reason: refusal.reason ?? ""))
            throw refusal
        }
    }

    private func record(_ verification: Verification, step: Int64, _ event: AuditEvent) async throws {
        let key = try auth.seals.attemptKey(signingOff: verification.adminID)
        switch try await standings.record(verification, step: step, attemptKey: key, now: auth.now, event: event) {
        case .recorded: return
        case .codeTaken: throw Self.wrongCode
        case .notAdmin: throw Self.notAdmin
        case .unknownAccount: throw Self.unknownAccount
        }
    }

    private func account(_ email: String) async throws -> Account {
        let index = try auth.seals.index(of: try EmailAddress(email))
        guard let account = try await auth.store.account(emailIndex: index), account.isConfirmed else { throw Self.unknownAccount }
        return account
    }

    /// The step that the admin's code belongs to; it is not taken yet. Wrong codes count like wrong ones at a sign-off.
    private func step(of code: String, _ admin: String) async throws -> Int64 {
        _ = try await auth.admitAttempt(try auth.seals.attemptKey(signingOff: admin))
        guard let account = try await auth.store.account(of: admin), account.isConfirmed else { throw AuthHandler.sessionEnded }
        guard let step = try TOTP(seed: auth.seals.seed(of: account)).matchingStep(for: code, at: auth.now, after: account.lastStep) else {
            throw Self.wrongCode
        }
        return step
    }

    private static let unknownAccount = RPCError(.notFound, "No confirmed account has this address.", reason: "ACCOUNT_UNKNOWN")
    private static let notAdmin = RPCError(.permissionDenied, "Only an admin records verifications.", reason: "NOT_ADMIN")
    private static let ownAccount = RPCError(.permissionDenied, "Nobody verifies themselves.", reason: "OWN_ACCOUNT")
    private static let wrongCode = RPCError(
        .permissionDenied, "The code is wrong or was used before. Each code works once; the next comes within 30 s.", reason: "INVALID_CODE")
}
