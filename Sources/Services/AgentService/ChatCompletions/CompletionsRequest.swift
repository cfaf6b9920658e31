internal import Foundation
internal import ServiceKit

/// The body of `POST /chat/completions`: the conversation and the tools, the answer as a stream.
enum CompletionsRequest {
    /// - Throws: `ModelFailure.tooLarge`, `malformed` for a tool's schema that is no JSON.
    static func body(_ request: ModelRequest, model: String, limits: CompletionsLimits) throws(ModelFailure) -> [UInt8] {
        var tools: [JSONValue] = []
        for tool in request.tools { tools.append(try description(of: tool)) }
        var members: [String: JSONValue] = ["model": .string(model), "stream": true, "messages": .array(request.messages.map(message))]
        if !tools.isEmpty { members["tools"] = .array(tools) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let body = try? encoder.encode(JSONValue.object(members)) else { throw .malformed("the question") }
        guard body.count <= limits.requestBytes else { throw .tooLarge("the question") }
        return Array(body)
    }

    private static func message(_ message: ChatMessage) -> JSONValue {
        switch message {
        case .system(let text): ["role": "system", "content": .string(text)]
        case .user(let text): ["role": "user", "content": .string(text)]
        case .assistant(let text, let calls) where calls.isEmpty: ["role": "assistant", "content": .string(text)]
        case .assistant(let text, let calls):
            ["role": "assistant", "content": text.isEmpty ? .null : .string(text), "tool_calls": .array(calls.map(call))]
        case .tool(let callID, let output): ["role": "tool", "tool_call_id": .string(callID), "content": .string(output)]
        }
    }

    private static func call(_ call: ToolCall) -> JSONValue {
        ["id": .string(call.id), "type": "function", "function": ["name": .string(call.name), "arguments": .string(call.arguments)]]
    }

    private static func description(of tool: ToolSpecification) throws(ModelFailure) -> JSONValue {
        guard let schema = try? JSONDecoder().decode(JSONValue.self, from: Data(tool.schema.utf8)) else { throw .malformed("a tool's schema") }
        return ["type": "function", "function": ["name": .string(tool.name), "description": .string(tool.description), "parameters": schema]]
    }
}
