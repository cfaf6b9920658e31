/// Bounds of one question to a language model. What the model's server sends is a stranger's: none of these is its to choose.
public struct CompletionsLimits: Sendable {
    public var connect = Duration.seconds(5)
    /// From sending to the first byte of the answer's body, each attempt.
    public var firstByte = Duration.seconds(30)
    /// The whole question with its repetitions, until the answer's last byte. A slow reader counts too.
    public var deadline = Duration.seconds(120)
    /// Questions at once, each on a connection of its own: as many as the agent takes chats.
    public var questions = AgentLimits().concurrentChats
    /// Questions sent for one, while no byte of an answer has come.
    public var attempts = 3
    /// Waits before a repetition where the server does not say how long.
    public var backoff = Duration.milliseconds(500)
    /// Bytes of the question.
    public var requestBytes = 2 << 20
    /// Bytes of the answer as it is sent.
    public var responseBytes = 4 << 20
    /// Bytes of one event in it.
    public var eventBytes = 64 << 10
    /// Tool calls in one answer.
    public var toolCalls = 12
    /// Bytes of one tool call's arguments.
    public var argumentBytes = 4 << 10

    public init() {}
}
