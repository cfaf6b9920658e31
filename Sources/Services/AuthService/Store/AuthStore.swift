internal import AuditClient
internal import GRDB
internal import Storage

/// auth's database as its use cases need it: each method is one transaction, together with the audit events that tell of it.
struct AuthStore: Sendable {
    let database: ServiceDatabase
    let outbox: AuditOutbox

    // MARK: - Accounts

    func account(emailIndex: [UInt8]) async throws -> Account? {
        try await database.readAll { db in try AccountTable.find(emailIndex: emailIndex, in: db) }
    }

    /// Reads as the person, who can have no other account than theirs.
    func account(of userID: String) async throws -> Account? {
        try await database.read(as: userID) { db in try AccountTable.find(userID: userID, in: db) }
    }

    func create(
        _ account: NewAccount, now: Int64, event: @Sendable (AccountTable.Insertion) -> AuditEvent
    ) async throws -> AccountTable.Insertion {
        try await database.write { db in
            let insertion = try AccountTable.insert(account, now: now, in: db)
            try outbox.append(event(insertion), in: db)
            return insertion
        }
    }

    func setPasswordHash(_ hash: String, of userID: String) async throws {
        try await database.write(as: userID) { db in try AccountTable.setPasswordHash(hash, of: userID, in: db) }
    }

    // MARK: - Attempts

    func admitAttempt(_ key: [UInt8], now: Int64) async throws -> AttemptAdmission {
        try await database.write { db in try AttemptTable.admit(key, now: now, in: db) }
    }

    func takeBackAttempt(_ key: [UInt8]) async throws {
        try await database.write { db in try AttemptTable.takeBack(key, in: db) }
    }

    /// Tells of what was refused. It is told even when the log is behind: a refusal cannot be taken back.
    func record(_ refusal: AuditEvent) async throws {
        try await database.write { db in _ = try outbox.append(refusal, in: db, essential: true) }
    }

    // MARK: - One-time codes and sessions

    /// Takes the code and starts the session, both or neither.
    ///
    /// - Returns: false when another call took the code first.
    func signIn(_ signIn: NewSignIn, now: Int64, event: AuditEvent) async throws -> Bool {
        try await database.write(as: signIn.session.userID) { db in
            let isFirst = try AccountTable.take(
                step: signIn.step, of: signIn.session.userID, confirming: signIn.isConfirming, in: db)
            guard isFirst else { return false }
            try AttemptTable.forget(signIn.attemptKey, in: db)
            try SessionTable.start(signIn.session, token: signIn.token, now: now, in: db)
            try outbox.append(event, in: db)
            return true
        }
    }

    /// Tells of a sign-off and takes its code, if it has one.
    ///
    /// - Parameter step: the one-time code's.
    /// - Returns: false when another call took the code first; nothing is told then.
    func signOff(of userID: String, step: Int64?, attemptKey: [UInt8], event: AuditEvent) async throws -> Bool {
        try await database.write(as: userID) { db in
            if let step {
                guard try AccountTable.take(step: step, of: userID, confirming: false, in: db) else { return false }
                try AttemptTable.forget(attemptKey, in: db)
            }
            try outbox.append(event, in: db)
            return true
        }
    }

    /// Tells of a token that is about to be handed out.
    func record(issued event: AuditEvent) async throws {
        try await database.write { db in _ = try outbox.append(event, in: db) }
    }

    func isLive(sessionID: String, of userID: String, now: Int64) async throws -> Bool {
        try await database.read(as: userID) { db in
            try SessionTable.find(sessionID: sessionID, in: db)?.isLive(at: now) ?? false
        }
    }

    /// Spends a refresh token. One that was spent before ends its session: somebody has a copy.
    func refresh(
        _ old: RefreshToken, to new: RefreshToken, now: Int64, event: @Sendable (RefreshOutcome) -> AuditEvent?
    ) async throws -> RefreshOutcome {
        try await database.write { db in
            let outcome = try Self.refresh(old, to: new, now: now, in: db)
            if let event = event(outcome) { try outbox.append(event, in: db, essential: outcome.isRefusal) }
            return outcome
        }
    }

    private static func refresh(_ old: RefreshToken, to new: RefreshToken, now: Int64, in db: Database) throws -> RefreshOutcome {
        guard let (session, isSpent) = try SessionTable.find(old, in: db) else { return .unknown }
        if isSpent {
            try SessionTable.revoke(session, now: now, in: db)
            return .reused(session)
        }
        guard session.isLive(at: now) else { return .ended(session) }
        return try SessionTable.exchange(old, for: new, of: session, now: now, in: db) ? .refreshed(session) : .tooOften(session)
    }

    /// Ends the session that a refresh token, spent or not, belongs to. Ending it again changes nothing.
    func signOut(_ token: RefreshToken, now: Int64, event: @Sendable (StoredSession) -> AuditEvent) async throws {
        try await database.write { db in
            guard let (session, _) = try SessionTable.find(token, in: db), session.isLive(at: now) else { return }
            try SessionTable.revoke(session, now: now, in: db)
            try outbox.append(event(session), in: db, essential: true)
        }
    }
}

/// What a sign-in writes.
struct NewSignIn: Sendable {
    let session: StoredSession
    let token: RefreshToken
    /// The one-time code's step.
    let step: Int64
    let isConfirming: Bool
    let attemptKey: [UInt8]
}

enum RefreshOutcome: Sendable {
    case refreshed(StoredSession)
    case unknown
    case reused(StoredSession)
    case ended(StoredSession)
    case tooOften(StoredSession)

    var isRefusal: Bool {
        if case .refreshed = self { false } else { true }
    }
}
