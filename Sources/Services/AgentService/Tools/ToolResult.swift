/// What became of one tool call.
struct ToolResult: Sendable {
    /// JSON for the model.
    var output: String
    /// One line for the person and the audit log: no personal data, nothing that the model wrote freely.
    var summary: String
    var failure: ToolFailure?
    /// When a proposal was made.
    var proposalID: String?

    init<Value: Encodable>(_ value: Value, summary: String, proposalID: String? = nil) {
        output = ToolJSON.text(value)
        self.summary = summary
        self.proposalID = proposalID
    }

    init(failure: ToolFailure) {
        output = ToolJSON.text(failure)
        summary = failure.message
        self.failure = failure
    }
}
