import Foundation
import MeshCall
import ModelServer
import Secrets
import ServiceAPI
import Synchronization
import Testing

@testable import AgentService

@Suite("A language model by the chat completions API", .timeLimit(.minutes(2)))
struct ChatCompletionsTests {
    static let key = "sk-test-" + String(repeating: "key", count: 8)

    private static func model(
        at server: ModelServer, limits: CompletionsLimits = CompletionsLimits(), key: ModelKey = ModelKey(usual),
        refused: @escaping @Sendable (String) async -> Void = { _ in }
    ) throws -> ChatCompletionsModel {
        ChatCompletionsModel(try ModelAddress(server.url), name: "test-model", rootsPath: server.rootsPath, limits: limits, key: key, refused: refused)
    }

    private static let usual = ModelKey.Value(id: "1", bytes: SecretBytes(copying: key.utf8))

    private static let request = ModelRequest(
        messages: [
            .system("be good"), .user("how is BTC?"), .assistant("", calls: [ToolCall(id: "c", name: "price", arguments: "{}")]),
            .tool(callID: "c", output: "{}"),
        ], tools: ToolName.allCases.map(\.specification))

    private func ask(_ model: ChatCompletionsModel) async throws -> [ModelOutput] {
        let outputs = Mutex<[ModelOutput]>([])
        try await model.turn(Self.request) { output in outputs.withLock { $0.append(output) } }
        return outputs.withLock { $0 }
    }

    @Test("The answer and its calls come out the same wherever the bytes are cut; the question is as the API has it", arguments: [1, 2, 3, 5, 17, 4096])
    func whole(pieceBytes: Int) async throws {
        let events = [
            ModelAnswers.text("Grüße "), ModelAnswers.text("€"), ModelAnswers.call(0, id: "x", name: "price", arguments: #"{"symbol":"#),
            ModelAnswers.call(0, arguments: #""BTCUSDT"}"#), ModelAnswers.finish("tool_calls"), ModelAnswers.done,
        ]
        try await ModelServer.with(keys: [Self.key], { _ in .events(events, pieceBytes: pieceBytes) }) { server in
            let outputs = try await ask(Self.model(at: server))
            #expect(outputs == [.text("Grüße "), .text("€"), .call(ToolCall(id: "x", name: "price", arguments: #"{"symbol":"BTCUSDT"}"#))])
            let question = try #require(server.questions.first)
            #expect(question.path == "/v1/chat/completions" && question.authorization == "Bearer \(Self.key)")
            let body = try #require(try JSONSerialization.jsonObject(with: Data(question.body.utf8)) as? [String: Any])
            #expect(body["model"] as? String == "test-model" && body["stream"] as? Bool == true)
            #expect((body["messages"] as? [[String: Any]])?.map { $0["role"] as? String } == ["system", "user", "assistant", "tool"])
            let tools = (body["tools"] as? [[String: Any]])?.compactMap { $0["function"] as? [String: Any] }
            #expect(tools?.map { $0["name"] as? String } == ToolName.allCases.map(\.rawValue))
            #expect(tools?.allSatisfy { ($0["parameters"] as? [String: Any])?["type"] as? String == "object" } == true)
        }
    }

    @Test("Many chats ask at once, though each holds its connection for as long as its answer takes")
    func many() async throws {
        var limits = CompletionsLimits()
        (limits.connect, limits.deadline) = (.milliseconds(300), .seconds(2))
        try await ModelServer.with(keys: [Self.key], { _ in .events([ModelAnswers.text("…")], end: .silence) }) { [limits] server in
            let model = try Self.model(at: server, limits: limits)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<24 { group.addTask { await #expect(throws: RPCError.self) { try await ask(model) } } }
            }
            #expect(server.questions.count == 24)
        }
    }

    @Test("What goes wrong is told in words without key, question or what the server sent, and is not repeated", arguments: [
        (Reply.status(401), "MODEL_KEY_REFUSED", StatusCode.failedPrecondition), (.status(403), "MODEL_KEY_REFUSED", .failedPrecondition),
        (.status(429), "MODEL_OVER_LIMIT", .resourceExhausted), (.status(429, [("retry-after", "4000")]), "MODEL_OVER_LIMIT", .resourceExhausted),
        (.status(500), "MODEL_UNREACHABLE", .unavailable), (.status(400), "MODEL_UNREACHABLE", .unavailable),
        (.status(302, [("location", "https://127.0.0.1/")]), "MODEL_UNREACHABLE", .unavailable),
        (Reply(headers: [("content-type", "text/html")], pieces: [Array("<p>".utf8)]), "MODEL_ANSWER_BROKEN", .unavailable),
        (Reply(pieces: []), "MODEL_ANSWER_BROKEN", .unavailable), (.events([ModelAnswers.text("half")]), "MODEL_ANSWER_BROKEN", .unavailable),
        (.events([ModelAnswers.text("half")], end: .closes), "MODEL_ANSWER_BROKEN", .unavailable),
        (Reply(pieces: [Array("data: ".utf8), [UInt8](repeating: 0x78, count: 20_000)], end: .endless), "MODEL_ANSWER_TOO_LONG", .resourceExhausted),
        (.events([ModelAnswers.text(String(repeating: "x", count: 1000))], end: .endless), "MODEL_ANSWER_TOO_LONG", .resourceExhausted),
    ])
    func failures(reply: Reply, reason: String, code: StatusCode) async throws {
        var limits = CompletionsLimits()
        (limits.eventBytes, limits.responseBytes) = (8 << 10, 1 << 20)
        try await ModelServer.with({ _ in reply }) { server in
            let error = await #expect(throws: RPCError.self) { _ = try await ask(Self.model(at: server, limits: limits)) }
            #expect(error?.code == code && error?.reason == reason)
            let words = "\(error?.message ?? "") \(error?.cause.map { "\($0)" } ?? "")"
            for secret in [Self.key, "how is BTC", "be good", "half", "<p>"] { #expect(!words.contains(secret)) }
            #expect(server.questions.count == 1)
        }
    }

    @Test("Slow first byte, an answer that stops, one that never ends: each ends at its own deadline", arguments: [
        (Reply.silence, "first byte"), (.events([ModelAnswers.text("a")], end: .silence), "whole answer"),
        (Reply(pieces: [Array(": alive\n\n".utf8)], end: .endless), "whole answer"),
    ])
    func slow(reply: Reply, what: String) async throws {
        var limits = CompletionsLimits()
        (limits.firstByte, limits.deadline, limits.responseBytes) = (.milliseconds(700), .milliseconds(1500), .max)
        try await ModelServer.with({ _ in reply }) { [limits] server in
            let began = ContinuousClock.now
            let error = await #expect(throws: RPCError.self) { _ = try await ask(Self.model(at: server, limits: limits)) }
            #expect(error?.reason == "MODEL_TOO_SLOW" && error?.cause.map { "\($0)".contains(what) } == true, "\(error as Any)")
            #expect(ContinuousClock.now - began < .seconds(5))
        }
    }

    @Test("Over its limit or away for a moment, the server is asked again, as long as no byte of an answer has come")
    func again() async throws {
        var limits = CompletionsLimits()
        limits.backoff = .milliseconds(10)
        let replies = Mutex([Reply.status(429, [("retry-after", "0")]), .status(503), .events([ModelAnswers.text("ok"), ModelAnswers.done])])
        try await ModelServer.with({ _ in replies.withLock { $0.removeFirst() } }) { [limits] server in
            let outputs = try await ask(Self.model(at: server, limits: limits))
            #expect(outputs == [.text("ok")] && server.questions.count == 3)
            server.answer { _ in .status(503) }
            await #expect(throws: RPCError.self) { _ = try await ask(Self.model(at: server, limits: limits)) }
            #expect(server.questions.count == 6)
        }
    }

    @Test("A key that is refused is asked about, and a newer one used at once; without one nothing is sent")
    func refusedKey() async throws {
        let held = ModelKey(Self.usual)
        let newer = ModelKey.Value(id: "2", bytes: SecretBytes(copying: "sk-new".utf8))
        try await ModelServer.with(keys: ["sk-new"], { _ in .events([ModelAnswers.text("ok"), ModelAnswers.done]) }) { server in
            let model = try Self.model(at: server, key: held, refused: { if $0 == "1" { held.take(newer, usable: ["1", "2"]) } })
            #expect(try await ask(model) == [.text("ok")])
            #expect(server.questions.map(\.authorization) == ["Bearer \(Self.key)", "Bearer sk-new"])
            held.take(nil, usable: [])
            let error = await #expect(throws: RPCError.self) { _ = try await ask(model) }
            #expect(error?.message == "No model key is usable." && server.questions.count == 2)
        }
    }

    @Test("A question that waits for its connection is taken back when its key is revoked, and goes out with the next key where there is one", arguments: [false, true])
    func revokedWhileWaiting(hasNext: Bool) async throws {
        let held = ModelKey(Self.usual)
        try await whileOneWaits(with: held) { server, model, question in
            held.take(hasNext ? Self.next : nil, usable: ["2"])
            if !hasNext {
                let began = ContinuousClock.now
                let error = await #expect(throws: RPCError.self) { _ = try await question.value }
                #expect(error?.reason == "MODEL_KEY_MISSING" && ContinuousClock.now - began < .seconds(2))
                held.take(Self.next, usable: ["2"])
            }
            try await server.takesConnections(true)
            #expect(try await (hasNext ? question.value : ask(model)) == [.text("ok")])
            #expect(server.questions.map(\.authorization) == ["Bearer sk-new"] && held.watchCount == 0)
        }
    }

    @Test("Nothing begins with a key that was revoked a moment ago")
    func revokedBefore() async throws {
        let held = ModelKey(Self.usual)
        held.take(nil, usable: [])
        await #expect(throws: ModelFailure.keyEnded) { try await held.whileUsable("1") { Issue.record("it was sent") } }
        #expect(held.watchCount == 0)
    }

    @Test("A question that waits is sent all the same while its key is only the one before")
    func rotatedWhileWaiting() async throws {
        let held = ModelKey(Self.usual)
        try await whileOneWaits(with: held) { server, model, question in
            held.take(Self.next, usable: ["1", "2"])
            try await server.takesConnections(true)
            #expect(try await question.value == [.text("ok")])
            #expect(server.questions.map(\.authorization) == ["Bearer \(Self.key)"])
        }
    }

    private static let next = ModelKey.Value(id: "2", bytes: SecretBytes(copying: "sk-new".utf8))

    /// Runs `body` beside a question that waits for its connection.
    private func whileOneWaits(
        with key: ModelKey, _ body: (ModelServer, ChatCompletionsModel, Task<[ModelOutput], any Error>) async throws -> Void
    ) async throws {
        try await ModelServer.with(answer) { server in
            try await server.takesConnections(false)
            let model = try Self.model(at: server, key: key)
            let question = Task { try await ask(model) }
            while key.watchCount == 0 { await Task.yield() }
            try await body(server, model, question)
        }
    }

    private let answer: ModelServer.Answer = { _ in .events([ModelAnswers.text("ok"), ModelAnswers.done]) }

    @Test("A new key is tried before it serves: who refuses it says so, who says nothing of it lets it through")
    func trial() async throws {
        try await ModelServer.with(keys: [Self.key], answer) { server in
            let trial = ModelKeyTrial(try ModelAddress(server.url), rootsPath: server.rootsPath)
            try await trial.run(Self.usual)
            let refused = await #expect(throws: ModelKeyTrial.Refused.self) {
                try await trial.run(ModelKey.Value(id: "2", bytes: SecretBytes(copying: "sk-wrong".utf8)))
            }
            #expect(refused?.keyID == "2" && refused?.status == 401 && refused?.description.contains("sk-wrong") == false)
            #expect(server.questions.isEmpty)
        }
        try await ModelServer.with { server in
            try await server.takesConnections(false)
            try await ModelKeyTrial(try ModelAddress(server.url), rootsPath: server.rootsPath).run(Self.usual)
        }
        try await ModelKeyTrial(try ModelAddress("https://127.0.0.1:9/v1"), rootsPath: nil).run(Self.usual)
    }

    @Test("A server that the roots do not vouch for, or that is not there, gets neither key nor question")
    func strangers() async throws {
        var limits = CompletionsLimits()
        limits.connect = .milliseconds(300)
        try await ModelServer.with { server in
            try await ModelServer.with { other in
                let model = ChatCompletionsModel(
                    try ModelAddress(server.url), name: "m", rootsPath: other.rootsPath, limits: limits, key: ModelKey(Self.usual))
                let error = await #expect(throws: RPCError.self) { _ = try await ask(model) }
                #expect(error?.message == "The model cannot be reached." && server.questions.isEmpty)
            }
        }
        let nobody = ChatCompletionsModel(try ModelAddress("https://127.0.0.1:9/"), name: "m", rootsPath: nil, limits: limits, key: ModelKey(Self.usual))
        let error = await #expect(throws: RPCError.self) { _ = try await ask(nobody) }
        #expect(error?.reason == "MODEL_UNREACHABLE")
    }

    @Test("Only https, a host and a path are an address", arguments: ["http://127.0.0.1/v1", "ftp://x/", "https://u:p@x/", "https://x/?a=b", "https:///v1", "x"])
    func addresses(text: String) {
        #expect(throws: ModelAddress.Fault.self) { try ModelAddress(text) }
        #expect((try? ModelAddress("https://api.example.com/v1/"))?.completions == "https://api.example.com/v1/chat/completions")
    }

    @Test("In a chat the model's calls run, its proposal is put before the person, and what looks like a key or an address never reaches it")
    func chat() async throws {
        try await ModelServer.with(keys: [Self.key]) { server in
            let mesh = try AgentMesh(model: Self.model(at: server))
            defer { mesh.remove() }
            let events = try await mesh.chat("buy 0.1 BTC at market")
            #expect(events.tools.map(\.name) == ["price", "propose"] && events.proposals == ["p-1"])
            #expect(events.text == "I propose that. That is what I found.")
            _ = try await mesh.chat("my key is sk-abcdefghijklmnopqrstuvwxyz012345, mail ada@example.com")
            #expect(server.questions.count == 4)
            for question in server.questions {
                for secret in ["sk-abcdef", "ada@example.com", "agent-ada", Self.key] { #expect(!question.body.contains(secret)) }
            }
        }
    }
}
