internal import AuditClient
internal import MeshCall

/// The events that auth tells the log. Ids only: no address, no code, no token.
struct AuthEvents: Sendable {
    let requestID: String
    /// The program that called.
    let caller: String

    init(_ context: ServerContext) {
        requestID = context.requestID
        caller = context.peer.name
    }

    func signedUp(_ userID: String, _ insertion: AccountTable.Insertion) -> AuditEvent {
        switch insertion {
        case .inserted: byUser(userID, "auth.sign_up")
        case .taken: byCaller("auth.sign_up", outcome: .refused, reason: "ACCOUNT_EXISTS")
        case .tooManyPending: byCaller("auth.sign_up", outcome: .refused, reason: "TOO_MANY_PENDING")
        }
    }

    func signedIn(_ session: StoredSession, confirming: Bool) -> AuditEvent {
        byUser(session.userID, confirming ? "auth.totp_confirmed" : "auth.sign_in", object: session.sessionID)
    }

    func refused(_ reason: String, userID: String?, failures: Int64, confirming: Bool) -> AuditEvent {
        byCaller(
            "auth.sign_in_refused", for: userID, outcome: .refused, reason: reason,
            details: ["failures": "\(failures)", "step": confirming ? "totp_confirm" : "sign_in"])
    }

    /// nil for a token that never was one: there is nothing to tell it of.
    func refreshed(_ outcome: RefreshOutcome) -> AuditEvent? {
        switch outcome {
        case .refreshed(let session): byUser(session.userID, "auth.refresh", object: session.sessionID)
        case .reused(let session):
            byCaller(
                "auth.refresh_reuse", for: session.userID, object: session.sessionID, outcome: .refused, reason: "REFRESH_TOKEN_REUSED")
        case .ended(let session):
            byCaller("auth.refresh", for: session.userID, object: session.sessionID, outcome: .refused, reason: "SESSION_ENDED")
        case .tooOften(let session):
            byCaller("auth.refresh", for: session.userID, object: session.sessionID, outcome: .refused, reason: "TOO_MANY_REFRESHES")
        case .unknown: nil
        }
    }

    func signedOut(_ session: StoredSession) -> AuditEvent {
        byUser(session.userID, "auth.sign_out", object: session.sessionID)
    }

    func narrowed(_ userID: String, tokenID: String, scope: [String]) -> AuditEvent {
        byUser(userID, "auth.token_narrowed", object: tokenID, details: ["scope": scope.joined(separator: " ")])
    }

    /// - Parameter digest: of the proposal, hexadecimal.
    func signOffMinted(_ userID: String, tokenID: String, digest: String, method: String) -> AuditEvent {
        byUser(userID, "auth.sign_off_minted", object: tokenID, details: ["digest": digest, "method": method])
    }

    func signOffRefused(_ userID: String, digest: String, reason: String) -> AuditEvent {
        var event = byUser(userID, "auth.sign_off_minted", details: ["digest": digest])
        event.outcome = .refused
        event.reason = reason
        return event
    }

    private func byUser(_ userID: String, _ action: String, object: String = "", details: [String: String] = [:]) -> AuditEvent {
        AuditEvent(actor: .user(userID), action: action, object: object, requestID: requestID, details: details)
    }

    /// For what nobody has proved to be: the program that passed it on is the one who acted.
    private func byCaller(
        _ action: String, for userID: String? = nil, object: String = "", outcome: AuditOutcome, reason: String,
        details: [String: String] = [:]
    ) -> AuditEvent {
        AuditEvent(
            actor: .service(caller), onBehalfOf: userID, action: action, object: object, outcome: outcome, reason: reason,
            requestID: requestID, details: details)
    }
}
