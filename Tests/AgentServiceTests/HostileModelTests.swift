import MeshCall
import ServiceAPI
import Synchronization
import Testing

@testable import AgentService

/// Emits the same outputs at every turn, whatever it is given, and keeps what it was given.
final class StubbornModel: ChatModel {
    private let outputs: [ModelOutput]
    let requests = Mutex<[ModelRequest]>([])

    init(_ outputs: [ModelOutput]) {
        self.outputs = outputs
    }

    func turn(_ request: ModelRequest, emit: ModelEmitter) async throws {
        requests.withLock { $0.append(request) }
        for output in outputs { try await emit(output) }
    }

    /// The latest tool outputs that it saw.
    var seen: [String] {
        requests.withLock { $0.last }?.messages.compactMap { if case .tool(_, let output) = $0 { output } else { nil } } ?? []
    }
}

@Suite("A model that is wrong or hostile")
struct HostileModelTests {
    private func chat(_ outputs: [ModelOutput], limits: AgentLimits = AgentLimits()) async throws -> (
        events: [AgentV1.ChatEvent.Event], model: StubbornModel, mesh: AgentMesh
    ) {
        let model = StubbornModel(outputs)
        let mesh = try AgentMesh(model: model, limits: limits)
        return (try await mesh.chat("hello"), model, mesh)
    }

    private static func call(_ name: String, _ arguments: String) -> ModelOutput {
        .call(ToolCall(id: "1", name: name, arguments: arguments))
    }

    @Test(
        "Tools that don't exist and arguments that they don't take are refused, and never reach a peer",
        arguments: [
            ("sign_off", "{}"), ("price", "{}"), ("price", #"{"symbol":"BTCUSDT","user":"bob"}"#), ("price", #"{"symbol":"../etc"}"#),
            ("price", "[]"), ("price", "not json"), ("portfolio", #"{"user":"bob"}"#),
            ("candles", #"{"symbol":"BTCUSDT","interval":"1m","limit":100000}"#),
            ("candles", #"{"symbol":"BTCUSDT","interval":"1s","limit":1}"#),
            ("propose", #"{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"1","utterance_id":"u-2"}"#),
            ("propose", #"{"symbol":"BTCUSDT","side":"BUY","type":"MARKET"}"#),
            ("propose", #"{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"1","portion":"1"}"#),
            ("propose", #"{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","quantity":"1"}"#),
            ("propose", #"{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"1","price":"2"}"#),
            ("propose", #"{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":1}"#),
            ("propose", #"{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"1e3"}"#),
        ])
    func refusedArguments(name: String, arguments: String) async throws {
        let (events, model, mesh) = try await chat([Self.call(name, arguments)])
        defer { mesh.remove() }
        #expect(events.tools.allSatisfy { $0.failed })
        #expect(mesh.book.proposed.withLock { $0 }.isEmpty)
        #expect(model.seen.allSatisfy { $0.contains("INVALID_ARGUMENT") })
    }

    @Test("One utterance makes one proposal, however often the model asks")
    func oneProposal() async throws {
        let (events, _, mesh) = try await chat([
            Self.call("propose", #"{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"1"}"#)
        ])
        defer { mesh.remove() }
        #expect(events.proposals == ["p-1"])
        #expect(mesh.book.proposed.withLock { $0 }.count == 1)
    }

    @Test("A model that never ends is ended")
    func endless() async throws {
        let (events, model, mesh) = try await chat([Self.call("price", #"{"symbol":"BTCUSDT"}"#)])
        defer { mesh.remove() }
        #expect(model.requests.withLock { $0 }.count == AgentLimits().rounds)
        #expect(events.text.contains("I stopped here"))
    }

    @Test("Tool calls in one turn are bounded, and so is the text")
    func bounds() async throws {
        let flood = Array(repeating: Self.call("price", #"{"symbol":"BTCUSDT"}"#), count: 13)
        let calls = await #expect(throws: RPCError.self) { try await chat(flood) }
        #expect(calls?.reason == "TOO_MANY_TOOL_CALLS")
        let text = await #expect(throws: RPCError.self) { try await chat([.text(String(repeating: "a", count: 40_000))]) }
        #expect(text?.reason == "ANSWER_TOO_LONG")
    }

    @Test("Tool calls over all turns are bounded")
    func budget() async throws {
        var limits = AgentLimits()
        limits.toolCalls = 3
        let (events, _, mesh) = try await chat(Array(repeating: Self.call("price", #"{"symbol":"BTCUSDT"}"#), count: 2), limits: limits)
        defer { mesh.remove() }
        #expect(events.tools.count { !$0.failed } == 3)
    }

    @Test("What a tool gives reaches the model as a tool's output, never as somebody's words")
    func outputIsData() async throws {
        let (_, model, mesh) = try await chat([Self.call("price", #"{"symbol":"BTCUSDT"}"#)])
        defer { mesh.remove() }
        #expect(model.seen.first == #"{"ask":"42001","bid":"41999","price":"42000","symbol":"BTCUSDT","time":1}"#)
        let users = model.requests.withLock { $0 }.last?.messages.filter { if case .user = $0 { true } else { false } }
        #expect(users == [.user("hello")])
    }

    @Test("What a person pastes by mistake does not leave for the model, nor does what a tool gives: keys, seeds, addresses")
    func promptsHaveNoSecrets() async throws {
        let (key, seed, mail) = ("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "ann@example.org")
        let arguments = #"{"symbol":"BTCUSDT","token":"\#(key)"}"#
        let model = StubbornModel([.text("you wrote \(mail)"), Self.call("price", arguments)])
        let mesh = try AgentMesh(model: model)
        defer { mesh.remove() }
        _ = try await mesh.chat("my key is \(key), my seed \(seed), write to \(mail) about BTC")
        let prompts = model.requests.withLock { $0 }.map { "\($0.messages)" }
        #expect(prompts.count > 1 && prompts[0].contains("about BTC") && prompts[0].contains("[redacted]"))
        for secret in [key, seed, mail] { #expect(!prompts.contains { $0.contains(secret) }, "\(secret)") }
    }
}
