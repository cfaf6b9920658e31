public import AuditClient
public import MeshCall

/// Who changes a key, and why.
public struct KeyChange: Sendable {
    public var actor: AuditActor
    public var requestID: String
    public var reason: String

    public init(actor: AuditActor, requestID: String = "", reason: String) {
        self.actor = actor
        self.requestID = requestID
        self.reason = reason
    }

    public init(_ context: ServerContext, reason: String) {
        let caller = context.peer.name
        self.init(actor: caller == "operator" ? .operator : .service(caller), requestID: context.requestID, reason: reason)
    }
}

extension KeyChange {
    /// Bytes of a person's reason.
    private static let longestReason = 200

    /// Whose key it is ends it.
    ///
    /// - Parameter reason: the person's own words; may be empty.
    /// - Throws: `RPCError` without a user token, or when the reason is too long.
    public static func byPerson(_ context: ServerContext, reason: String) throws -> KeyChange {
        guard reason.utf8.count <= longestReason else {
            throw RPCError(.invalidArgument, "The reason has at most \(longestReason) bytes.", reason: "REASON_TOO_LONG")
        }
        return KeyChange(
            actor: .user(try context.user().userID), requestID: context.requestID, reason: reason.isEmpty ? "revoked by the person" : reason)
    }
}

/// The life of keys as the audit log has it.
public enum KeyEvent: String, Sendable {
    case prepared = "keys.prepared"
    case activated = "keys.activated"
    case ended = "keys.ended"
    case revoked = "keys.revoked"
    case rotationRequested = "keys.rotation_requested"
    case nearlyDue = "keys.nearly_due"
    case overdue = "keys.overdue"
    case refused = "keys.refused"
}

extension AuditEvent {
    /// The object is `kind/id`, the id as `KeyRecord.logged` has it.
    public init(_ event: KeyEvent, of id: String, _ kind: KeyKind, by change: KeyChange, user: String? = nil, details: [String: String] = [:]) {
        self.init(
            actor: change.actor, onBehalfOf: user, action: event.rawValue, object: "\(kind.rawValue)/\(KeyRecord.logged(id))", reason: change.reason,
            requestID: change.requestID, details: details)
    }
}
