/// Puts the deltas of one answer together: text goes on at once, tool calls when they are whole. A pure value.
struct DeltaAssembler: Sendable {
    /// A call as far as it has come.
    private struct Part {
        var id = ""
        var name = ""
        var arguments = ""
    }

    /// Bytes of a call's id and of a tool's name.
    static let longestName = 128

    private let limits: CompletionsLimits
    /// By the index that the model gives them, from 0.
    private var parts: [Part] = []
    /// The model has said why it ended.
    private(set) var isFinished = false

    init(_ limits: CompletionsLimits) {
        self.limits = limits
    }

    /// - Returns: more of the answer's text; empty for none.
    /// - Throws: `ModelFailure.tooLarge`, `malformed`.
    mutating func take(_ chunk: CompletionsChunk) throws(ModelFailure) -> String {
        guard let choice = chunk.choices.first(where: { ($0.index ?? 0) == 0 }) else { return "" }
        if choice.finish_reason != nil { isFinished = true }
        for call in choice.delta?.tool_calls ?? [] { try take(call) }
        return choice.delta?.content ?? ""
    }

    private mutating func take(_ call: CompletionsChunk.Call) throws(ModelFailure) {
        guard call.index < limits.toolCalls else { throw .tooLarge("the number of tool calls") }
        // Calls begin one after the other; their deltas may then come in any order.
        guard (0...parts.count).contains(call.index) else { throw .malformed("a tool call's index") }
        if call.index == parts.count { parts.append(Part()) }
        // Some servers repeat id and name with each delta.
        if let id = call.id, parts[call.index].id.isEmpty { parts[call.index].id = id }
        if let name = call.function?.name, parts[call.index].name.isEmpty { parts[call.index].name = name }
        let more = call.function?.arguments ?? ""
        guard parts[call.index].arguments.utf8.count + more.utf8.count <= limits.argumentBytes else { throw .tooLarge("a tool call's arguments") }
        parts[call.index].arguments += more
    }

    /// The tool calls of the answer that is over.
    ///
    /// - Throws: `ModelFailure.malformed`.
    func calls() throws(ModelFailure) -> [ToolCall] {
        var seen: Set<String> = []
        var calls: [ToolCall] = []
        for part in parts {
            guard !part.name.isEmpty, part.name.utf8.count <= Self.longestName else { throw .malformed("a tool call's name") }
            guard !part.id.isEmpty, part.id.utf8.count <= Self.longestName, seen.insert(part.id).inserted else { throw .malformed("a tool call's id") }
            calls.append(ToolCall(id: part.id, name: part.name, arguments: part.arguments.isEmpty ? "{}" : part.arguments))
        }
        return calls
    }
}
