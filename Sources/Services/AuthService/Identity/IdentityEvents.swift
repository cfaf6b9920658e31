internal import AuditClient
internal import Identity
internal import KeyManagement
internal import MeshCall

/// What auth tells the log about mesh identities. Names and serial numbers only: no token, no key.
struct IdentityEvents: Sendable {
    let actor: AuditActor
    let requestID: String

    init(_ context: ServerContext) {
        self.init(caller: context.peer.name, requestID: context.requestID)
    }

    init(_ change: KeyChange) {
        (actor, requestID) = (change.actor, change.requestID)
    }

    /// - Parameter caller: a program's short name.
    init(caller: String, requestID: String = "") {
        actor = caller == "operator" ? .operator : .service(caller)
        self.requestID = requestID
    }

    /// - Parameter reason: `enrolment`, `renewal` or `own`.
    func issued(_ leaf: IssuedLeaf, issuer: Int64, reason: String) -> AuditEvent {
        event("identity.issued", leaf.spiffeID, reason: reason, ["serial": leaf.serial, "issuing_key": "\(issuer)", "ends": "\(leaf.ends)"])
    }

    func refused(_ action: String, _ spiffeID: String, reason: String) -> AuditEvent {
        var event = event(action, spiffeID, reason: reason)
        event.outcome = .refused
        return event
    }

    func tokenCreated(_ spiffeID: String, expiresAt: Int64, reason: String) -> AuditEvent {
        event("identity.join_token_created", spiffeID, reason: reason, ["expires": "\(expiresAt)"])
    }

    func revoked(_ entry: RevocationTable.Entry, reason: String) -> AuditEvent {
        event("identity.revoked", entry.value, reason: reason)
    }

    func reinstated(_ entry: RevocationTable.Entry, reason: String) -> AuditEvent {
        event("identity.reinstated", entry.value, reason: reason)
    }

    func keyPrepared(_ id: Int64, reason: String) -> AuditEvent {
        event("identity.issuing_key_prepared", "\(id)", reason: reason)
    }

    func keyActivated(_ id: Int64, serial: String, reason: String) -> AuditEvent {
        event("identity.issuing_key_activated", "\(id)", reason: reason, ["serial": serial])
    }

    func keyEnded(_ key: IssuingKey, reason: String) -> AuditEvent {
        event("identity.issuing_key_ended", "\(key.id)", reason: reason, ["serial": key.serial ?? ""])
    }

    private func event(_ action: String, _ object: String, reason: String, _ details: [String: String] = [:]) -> AuditEvent {
        AuditEvent(actor: actor, action: action, object: object, reason: reason, requestID: requestID, details: details)
    }
}
