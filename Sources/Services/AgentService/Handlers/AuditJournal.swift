public import AuditClient
public import Storage

/// Writes tool calls to the service's outbox, from where they reach the audit log.
public struct AuditJournal: ToolJournal {
    private let database: ServiceDatabase
    private let outbox: AuditOutbox

    public init(database: ServiceDatabase, outbox: AuditOutbox) {
        self.database = database
        self.outbox = outbox
    }

    /// - Throws: `RPCError` UNAVAILABLE when too much waits for the audit log already.
    public func record(_ use: ToolUseRecord) async throws {
        let event = AuditEvent(
            actor: .agent, onBehalfOf: use.userID, action: "agent.tool", object: use.proposalID,
            outcome: use.outcome == "ok" ? .ok : .failed,
            reason: use.reason, requestID: use.requestID, details: ["tool": use.tool ?? "unknown"])
        try await database.write { db in _ = try outbox.append(event, in: db) }
    }
}
