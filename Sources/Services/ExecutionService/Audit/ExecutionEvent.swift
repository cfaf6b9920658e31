internal import AuditClient
internal import MeshCall
internal import Trading

/// What execution tells the audit log: the closed catalogue of its actions, and who did them.
enum ExecutionAction: String, CaseIterable {
    case utteranceRegistered = "utterance.registered"
    case proposalCreated = "proposal.created"
    case proposalRefused = "proposal.refused"
    case proposalRejected = "proposal.rejected"
    case signOffRefused = "signoff.refused"
    case orderIntent = "order.intent"
    case orderSent = "order.sent"
    case orderFilled = "order.filled"
    case orderRejected = "order.rejected"
    case orderUnknown = "order.unknown"
    case orderReconciled = "order.reconciled"
    case orderAbandoned = "order.abandoned"
    case orderCancelled = "order.cancelled"
    case orderCancelFailed = "order.cancel_failed"
    case exchangeKeyCreated = "exchange_key.created"
    case exchangeKeyActivated = "exchange_key.activated"
    case exchangeKeyNotDestroyed = "exchange_key.not_destroyed"
    case killSwitchSet = "kill_switch.set"
}

extension AuditEvent {
    /// By the person whose token the call carries, or by the agent for that person.
    init(
        _ action: ExecutionAction, of object: String, by caller: Caller, outcome: AuditOutcome = .ok, reason: String = "",
        details: [String: String] = [:]
    ) {
        self.init(
            actor: caller.isAgent ? .agent : .user(caller.user), onBehalfOf: caller.isAgent ? caller.user : nil, action: action.rawValue,
            object: object, outcome: outcome, reason: reason, requestID: caller.requestID, details: details)
    }

    /// By execution itself, for the person whose order it is.
    init(
        _ action: ExecutionAction, of order: StoredOrder, outcome: AuditOutcome = .ok, reason: String = "", requestID: String = ""
    ) {
        self.init(
            actor: .service(ExecutionNames.service), onBehalfOf: order.user, action: action.rawValue, object: order.clientOrderID,
            outcome: outcome, reason: reason, requestID: requestID,
            details: [
                "proposal": order.proposalID, "state": order.state.rawValue, "executed_quantity": order.executedQuantity.description,
                "executed_quote": order.executedQuote.description,
            ])
    }
}

enum ExecutionNames {
    static let service = "execution"
    static let marketData = "market-data"
    static let audit = "audit"
}

/// On whose behalf a call runs, and who made it.
struct Caller: Sendable {
    let user: String
    let isAgent: Bool
    let requestID: String
    let scope: Set<String>

    /// - Throws: `RPCError` UNAUTHENTICATED without a user token.
    init(_ context: ServerContext) throws {
        let principal = try context.user()
        user = principal.userID
        isAgent = principal.tokenType == .agent
        requestID = context.requestID
        scope = principal.scope
    }
}
