internal import Redaction

extension ChatMessage {
    /// As it goes to the model: a key or an address that a person wrote, or that a tool gave, does not leave this process.
    ///
    /// What a tool gave keeps its digests and ids, by which the model names orders and proposals.
    var withoutSecrets: ChatMessage {
        switch self {
        case .system: self
        case .user(let text): .user(Redactor.redact(text, for: .languageModel))
        case .assistant(let text, let calls):
            .assistant(Redactor.redact(text), calls: calls.map { ToolCall(id: $0.id, name: $0.name, arguments: Redactor.redact($0.arguments)) })
        case .tool(let callID, let output): .tool(callID: callID, output: Redactor.redact(output))
        }
    }
}
