internal import Trading

/// The embedded `ChatModel`: understands plain requests by fixed rules, computes nothing that its tools did not give it, and remembers
/// nothing between turns. What it can't read it says so.
public struct RuleBasedAnalyst: ChatModel {
    private let reader: IntentReader
    private let planner: AnswerPlanner

    /// - Parameter symbols: the markets that it speaks of, as `BTCUSDT`; those whose quote asset it does not know are left out.
    public init(symbols: [String]) {
        self.init(instruments: symbols.compactMap(MarketList.instrument))
    }

    init(instruments: [Instrument]) {
        reader = IntentReader(instruments)
        planner = AnswerPlanner(assets: AssetWords(instruments: instruments))
    }

    public func turn(_ request: ModelRequest, emit: ModelEmitter) async throws {
        let intent = reader.intent(of: request.question)
        let results = request.toolResults
        if results.isEmpty {
            let plan = planner.plan(for: intent)
            for text in plan.text { try await emit(.text(text)) }
            for call in plan.calls { try await emit(.call(call)) }
        } else {
            for text in planner.answer(to: intent, from: results) { try await emit(.text(text)) }
        }
    }
}

extension ModelRequest {
    /// What the person said last.
    var question: String {
        messages.reversed().lazy.compactMap { if case .user(let text) = $0 { text } else { nil } }.first ?? ""
    }

    /// What the tools gave since then, in order.
    var toolResults: ToolResults {
        var results = ToolResults()
        for message in messages {
            switch message {
            case .user: results = ToolResults()
            case .assistant(_, let calls): results.calls += calls
            case .tool(let id, let output): results.outputs[id] = output
            case .system: break
            }
        }
        return results
    }
}
