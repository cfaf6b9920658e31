/// The tool calls of one answer and what came back.
struct ToolResults: Sendable {
    var calls: [ToolCall] = []
    var outputs: [String: String] = [:]

    var isEmpty: Bool { outputs.isEmpty }

    /// The outputs of one tool, in the order of its calls; those that failed are left out.
    func all<Output: Decodable>(_ type: Output.Type, of tool: ToolName) -> [Output] {
        texts(of: tool).compactMap { ToolJSON.output(type, from: $0) }
    }

    func failures(of tool: ToolName) -> [ToolFailure] {
        texts(of: tool).compactMap { ToolJSON.output(ToolFailure.self, from: $0) }
    }

    private func texts(of tool: ToolName) -> [String] {
        calls.filter { $0.name == tool.rawValue }.compactMap { outputs[$0.id] }
    }
}
