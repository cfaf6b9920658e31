/// Who did it.
public enum AuditActor: Sendable, Equatable {
    /// A person, by their random id.
    case user(String)
    /// The agent, which acts for a person only.
    case agent
    /// A program by its short name: `execution`.
    case service(String)
    /// Whoever holds the operator's certificate.
    case `operator`
}

public enum AuditOutcome: String, Sendable {
    case ok
    case refused
    case failed
}

/// Something that happened and that nobody may later deny or change. No personal data and no secret belong here: the log is never erased.
public struct AuditEvent: Sendable, Equatable {
    public var actor: AuditActor
    /// The user for whom an agent or a service acted; nil if nobody.
    public var onBehalfOf: String?
    /// From a closed catalogue: `order.intent`.
    public var action: String
    /// What it was done to: a proposal's id, an order's.
    public var object: String
    public var outcome: AuditOutcome
    /// Why, when it was refused or failed.
    public var reason: String
    /// The call's `ServerContext.requestID`.
    public var requestID: String
    /// Short facts for the reader, kept in the order of their names. At most 32.
    public var details: [String: String]

    public init(
        actor: AuditActor, onBehalfOf: String? = nil, action: String, object: String = "", outcome: AuditOutcome = .ok,
        reason: String = "", requestID: String = "", details: [String: String] = [:]
    ) {
        self.actor = actor
        self.onBehalfOf = onBehalfOf
        self.action = action
        self.object = object
        self.outcome = outcome
        self.reason = reason
        self.requestID = requestID
        self.details = details
    }
}
