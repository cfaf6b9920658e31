internal import Logging
public import MeshCall
public import ServiceAPI

/// Serves `Agent.Chat`: runs the model, its tools for it, and tells the person each step.
public struct ChatHandler: AgentV1.AgentHandler {
    private let model: any ChatModel
    private let marketData: any CallChannel
    private let execution: any CallChannel
    private let journal: any ToolJournal
    private let limits: AgentLimits
    private let admission: ChatAdmission

    public init(
        model: any ChatModel, marketData: any CallChannel, execution: any CallChannel, journal: any ToolJournal,
        limits: AgentLimits = AgentLimits()
    ) {
        self.model = model
        self.marketData = marketData
        self.execution = execution
        self.journal = journal
        self.limits = limits
        admission = ChatAdmission(limits)
    }

    public func chat(
        _ request: AgentV1.ChatRequest, to writer: ResponseWriter<AgentV1.ChatEvent>, context: ServerContext
    ) async throws {
        try check(request)
        let user = try context.user()
        try admission.enter(user.userID)
        defer { admission.leave(user.userID) }
        let tools = ToolBox(
            marketData: marketData, execution: execution, utteranceID: request.utteranceId,
            authorization: context.metadata["authorization"], limits: limits)
        let run = ChatRun(
            model: model, tools: tools, limits: limits,
            record: { tool, result in
                try await journal.record(ToolUseRecord(tool: tool, result: result, userID: user.userID, requestID: context.requestID))
            },
            send: { try await writer.send(AgentV1.ChatEvent(event: $0)) })
        try await run.answer(request.text)
    }

    private func check(_ request: AgentV1.ChatRequest) throws {
        guard !request.utteranceId.isEmpty, request.utteranceId.utf8.count <= 64 else {
            throw RPCError(.invalidArgument, "The utterance's id is missing.", reason: "UTTERANCE_REQUIRED")
        }
        guard (1...limits.utteranceCharacters).contains(request.text.unicodeScalars.count) else {
            throw RPCError(.invalidArgument, "The text must have 1 to \(limits.utteranceCharacters) characters.", reason: "TEXT_LENGTH")
        }
    }
}
