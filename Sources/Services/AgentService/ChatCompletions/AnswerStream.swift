/// One answer from its first byte to its last: counts the bytes, reads the events, puts the deltas together. A pure value.
struct AnswerStream: Sendable {
    private let limits: CompletionsLimits
    private var parser: EventStreamParser
    private var assembler: DeltaAssembler
    private var bytes = 0
    /// The server has said that nothing follows.
    private(set) var isOver = false

    init(_ limits: CompletionsLimits) {
        self.limits = limits
        parser = EventStreamParser(maximumBytes: limits.eventBytes)
        assembler = DeltaAssembler(limits)
    }

    /// - Returns: more of the answer's text.
    /// - Throws: `ModelFailure`.
    mutating func take(_ more: some Collection<UInt8>) throws(ModelFailure) -> [String] {
        bytes += more.count
        guard bytes <= limits.responseBytes else { throw .tooLarge("the answer") }
        var texts: [String] = []
        for event in try parser.take(more) where !isOver {
            if event == CompletionsChunk.end {
                isOver = true
            } else {
                let text = try assembler.take(try CompletionsChunk(event))
                if !text.isEmpty { texts.append(text) }
            }
        }
        return texts
    }

    /// The tool calls, once nothing more comes.
    ///
    /// - Throws: `ModelFailure.brokenOff` unless the model had said that it is done.
    func end() throws(ModelFailure) -> [ToolCall] {
        guard isOver || assembler.isFinished else { throw .brokenOff("no end was announced") }
        return try assembler.calls()
    }
}
