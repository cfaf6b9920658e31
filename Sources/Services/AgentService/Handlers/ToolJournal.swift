/// A tool call as audit is told of it.
public struct ToolUseRecord: Sendable, Equatable {
    /// nil for a name that no tool has.
    public var tool: String?
    public var outcome: String
    /// The failure's code.
    public var reason: String
    public var proposalID: String
    public var userID: String
    public var requestID: String

    init(tool: ToolName?, result: ToolResult, userID: String, requestID: String) {
        self.tool = tool?.rawValue
        outcome = result.failure == nil ? "ok" : "failed"
        reason = result.failure?.error ?? ""
        proposalID = result.proposalID ?? ""
        self.userID = userID
        self.requestID = requestID
    }
}

/// Where tool calls are written down before their results are used.
public protocol ToolJournal: Sendable {
    func record(_ use: ToolUseRecord) async throws
}
