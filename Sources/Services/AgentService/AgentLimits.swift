/// What one chat may take. The model may be wrong or hostile: none of these is its to choose.
public struct AgentLimits: Sendable {
    /// Characters of an utterance: what execution stores.
    public var utteranceCharacters = 4_000
    /// Times that the model is asked within one chat.
    public var rounds = 6
    /// Tool calls within one chat.
    public var toolCalls = 12
    /// Proposals within one chat. A person signs one thing at a time.
    public var proposals = 1
    /// Bytes of answer text within one chat.
    public var answerBytes = 32 << 10
    /// Bytes of one tool's output that the model is given.
    public var toolOutputBytes = 64 << 10
    /// One tool call, unless the chat's deadline comes first.
    public var toolTimeout: Duration = .seconds(10)
    /// Chats served at once, and of one person.
    public var concurrentChats = 64
    public var concurrentChatsPerUser = 2

    public init() {}
}
