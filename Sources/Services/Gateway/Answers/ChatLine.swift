internal import HTTPSKit
internal import ServiceAPI

/// One line of a streamed answer: exactly one of its members is present.
struct ChatLine: Encodable {
    struct Tool: Encodable {
        let name: String
        let summary: String
        let failed: Bool
    }

    struct Proposal: Encodable {
        let proposalId: String
    }

    struct Failure: Encodable {
        let code: String
        let reason: String?
        let message: String
    }

    var text: String?
    var tool: Tool?
    var proposal: Proposal?
    var error: Failure?
    var done: Bool?

    static let end = ChatLine(done: true)

    init(text: String? = nil, tool: Tool? = nil, proposal: Proposal? = nil, error: Failure? = nil, done: Bool? = nil) {
        self.text = text
        self.tool = tool
        self.proposal = proposal
        self.error = error
        self.done = done
    }

    /// nil for an event of a kind that this version doesn't know.
    init?(_ event: AgentV1.ChatEvent) {
        switch event.event {
        case .text(let text): self.init(text: text)
        case .tool(let use): self.init(tool: Tool(name: use.name, summary: use.summary, failed: use.failed))
        case .proposal(let made): self.init(proposal: Proposal(proposalId: made.proposalId))
        case nil: return nil
        }
    }

    init(_ error: any Error) {
        let shown = APIError.of(error)
        self.init(error: Failure(code: shown.code, reason: shown.reason, message: shown.message))
    }
}
