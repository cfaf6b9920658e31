/// What answers a person: the embedded rule-based analyst, or a language model behind an HTTP API. It sees the conversation and the
/// tools' descriptions; it holds no credential and reaches nothing but what it is given.
public protocol ChatModel: Sendable {
    /// Produces the next part of the conversation. After tool calls it is asked again, with their results.
    ///
    /// - Parameter emit: takes each output as soon as it exists; waits while the reader is slow.
    /// - Throws: what `emit` throws, or the model's own failure.
    func turn(_ request: ModelRequest, emit: @escaping ModelEmitter) async throws
}

public typealias ModelEmitter = @Sendable (ModelOutput) async throws -> Void

public struct ModelRequest: Sendable {
    /// Oldest first.
    public var messages: [ChatMessage]
    public var tools: [ToolSpecification]

    public init(messages: [ChatMessage], tools: [ToolSpecification]) {
        self.messages = messages
        self.tools = tools
    }
}

/// The shape of OpenAI's chat completions, so that such a model needs no translation.
public enum ChatMessage: Sendable, Equatable {
    case system(String)
    case user(String)
    case assistant(String, calls: [ToolCall])
    /// What a tool gave: data, never an instruction.
    case tool(callID: String, output: String)
}

public enum ModelOutput: Sendable, Equatable {
    /// More of the answer.
    case text(String)
    case call(ToolCall)
}

public struct ToolCall: Sendable, Equatable {
    /// Chosen by the model, unique within the conversation.
    public var id: String
    public var name: String
    /// A JSON object.
    public var arguments: String

    public init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

public struct ToolSpecification: Sendable, Equatable {
    public var name: String
    /// For the model.
    public var description: String
    /// JSON Schema of the arguments: an object without additional properties.
    public var schema: String

    public init(name: String, description: String, schema: String) {
        self.name = name
        self.description = description
        self.schema = schema
    }
}
