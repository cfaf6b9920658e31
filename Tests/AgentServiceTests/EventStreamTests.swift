import ModelServer
import Testing

@testable import AgentService

@Suite("What a model's server streams")
struct EventStreamTests {
    private func events(_ text: String, cutAfter size: Int) throws -> [String] {
        var parser = EventStreamParser(maximumBytes: 1000)
        let bytes = Array(text.utf8)
        return try stride(from: 0, to: bytes.count, by: size).flatMap { try parser.take(bytes[$0..<min($0 + size, bytes.count)]) }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("Events are the same wherever the bytes are cut, with each kind of line end", arguments: 1...12)
    func cuts(size: Int) throws {
        let text = "\u{feff}data: größer\r\ndata:zwei\r\n\r\n: a comment\nevent: x\nid: 1\ndata\n\ndata:  two spaces\r\rretry: 1\n\ndata: cut off"
        #expect(try events(text, cutAfter: size) == ["größer\nzwei", "", " two spaces"])
    }

    @Test("An event beyond its limit is refused before it is whole, in one line or in many")
    func hugeEvent() {
        #expect(throws: ModelFailure.tooLarge("an event")) { try events("data: " + String(repeating: "x", count: 1000), cutAfter: 7) }
        #expect(throws: ModelFailure.tooLarge("an event")) { try events(String(repeating: "data: xxxx\n", count: 500), cutAfter: 7) }
    }

    private func answer(_ events: [String], _ limits: CompletionsLimits = CompletionsLimits()) throws -> (text: String, calls: [ToolCall]) {
        var stream = AnswerStream(limits)
        let texts = try events.flatMap { try stream.take(Array("data: \($0)\n\n".utf8)) }
        return (texts.joined(), try stream.end())
    }

    @Test("Several tool calls over several deltas come out whole, in their order, beside the text")
    func calls() throws {
        let answer = try answer([
            ModelAnswers.text("a"), ModelAnswers.call(0, id: "x", name: "price", arguments: "{"), ModelAnswers.call(1, id: "y", name: "portfolio"),
            ModelAnswers.call(0, arguments: "}"), ModelAnswers.text("b"), #"{"choices":[],"usage":{}}"#, ModelAnswers.finish("tool_calls"), ModelAnswers.done,
        ])
        #expect(answer.text == "ab")
        #expect(answer.calls == [ToolCall(id: "x", name: "price", arguments: "{}"), ToolCall(id: "y", name: "portfolio", arguments: "{}")])
    }

    @Test("What is no answer is refused: an error object, a hole among the calls, no id, one id twice, no end", arguments: [
        [#"{"error":{"message":"x"}}"#], ["{"], ["[1]"], [ModelAnswers.call(1, id: "x", name: "price")], [ModelAnswers.call(-1, id: "x", name: "price")],
        [ModelAnswers.call(0, name: "price"), ModelAnswers.done], [ModelAnswers.call(0, id: "x"), ModelAnswers.done],
        [ModelAnswers.call(0, id: "x", name: "price"), ModelAnswers.call(1, id: "x", name: "price"), ModelAnswers.done], [ModelAnswers.text("half")],
    ])
    func malformed(events: [String]) {
        #expect(throws: ModelFailure.self) { try answer(events) }
    }

    @Test("Calls, arguments and bytes have limits")
    func limits() {
        var limits = CompletionsLimits()
        (limits.toolCalls, limits.argumentBytes, limits.responseBytes) = (2, 10, 1000)
        let calls = (0..<3).map { ModelAnswers.call($0, id: "\($0)", name: "price") }
        #expect(throws: ModelFailure.tooLarge("the number of tool calls")) { try answer(calls, limits) }
        let arguments = [ModelAnswers.call(0, id: "x", name: "price", arguments: "123456")]
        #expect(throws: ModelFailure.tooLarge("a tool call's arguments")) { try answer(arguments + arguments, limits) }
        #expect(throws: ModelFailure.tooLarge("the answer")) { try answer(Array(repeating: ModelAnswers.text("x"), count: 100), limits) }
    }
}
