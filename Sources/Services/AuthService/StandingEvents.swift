internal import AuditClient
internal import MeshCall

/// What auth tells the log about roles and verifications. Ids and the given reason: no address.
struct StandingEvents: Sendable {
    let requestID: String

    init(_ context: ServerContext) {
        requestID = context.requestID
    }

    func roleSet(_ role: Standing.Role, of userID: String, reason: String) -> AuditEvent {
        AuditEvent(
            actor: .operator, onBehalfOf: userID, action: "auth.role_set", object: userID, reason: reason, requestID: requestID,
            details: ["role": role.rawValue])
    }

    /// The person reads of it too, in their own records.
    func verified(_ verification: Verification) -> AuditEvent {
        AuditEvent(
            actor: .user(verification.adminID), onBehalfOf: verification.userID,
            action: verification.isWithdrawn ? "auth.verification_withdrawn" : "auth.user_verified", object: verification.userID,
            reason: verification.reason, requestID: requestID)
    }

    func refused(_ adminID: String, reason: String) -> AuditEvent {
        AuditEvent(actor: .user(adminID), action: "auth.user_verified", outcome: .refused, reason: reason, requestID: requestID)
    }
}
