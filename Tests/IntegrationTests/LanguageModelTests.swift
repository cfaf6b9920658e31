import Cryptography
import Deployment
import Foundation
import LocalMesh
import MeshCall
import MeshMessages
import MeshRuntime
import ModelServer
import PulseCommands
import Secrets
import ServiceAPI
import Synchronization
import TestSupport
import Testing

extension Integration {
    /// The agent with a language model behind a real HTTPS server, and the life of that model's key.
    @Suite("A language model and its key")
    struct LanguageModelTests {
        private static func newKey() -> String { "sk-live-" + Hex.encode(SecureRandom.bytes(24)) }

        private func pulse(_ arguments: [String], on mesh: LocalMesh) async throws -> ProgramRun {
            try await ProgramRun.of(ProgramFolder().path + "/pulse", arguments + ["--state", mesh.folder.path])
        }

        /// As `pulse secrets put agent llm-api-key` does it.
        private func put(_ key: String, on mesh: LocalMesh) async throws {
            try await DeploymentSecrets(mesh.folder).store(of: .agent).put(SecretBytes(copying: key.utf8), as: "llm-api-key", at: .current)
        }

        private func keys(on mesh: LocalMesh) async throws -> [KeysV1.Key] {
            let client = try mesh.client(to: .agent, as: "operator")
            let keys = try await KeysV1.KeysClient(client).listKeys(.init(kind: "language-model", gone: true)).keys
            await client.close()
            return keys
        }

        /// What audit's log has of an object, oldest first.
        private func audited(about object: String, on mesh: LocalMesh) throws -> [String] {
            try mesh.auditRecords().filter { $0.object == object }.map(\.action)
        }

        private func error(of words: String, by person: Person) async throws -> GatewayError.Body? {
            for try await line in try await person.chat(words) { if let error = line.error { return error } }
            return nil
        }

        @Test("Without a key the agent says so; with one the model's tool calls become a proposal to sign; no prompt holds a credential")
        func chat() async throws {
            let key = Self.newKey()
            try await ModelServer.with(keys: [key]) { server in
                try await LocalMesh.with(model: .init(baseURL: server.url, name: "test-model", rootsPath: server.rootsPath)) { mesh in
                    var someone = try await mesh.makePerson(balances: ["USDT": "10000"])
                    #expect(try await error(of: "how is BTC doing?", by: someone.person)?.reason == "MODEL_KEY_MISSING")
                    #expect(server.questions.isEmpty)
                    try await put(key, on: mesh)
                    try await eventually("the agent has the key") { try await keys(on: mesh).contains { $0.state == "active" } }
                    let proposal = try #require(try await someone.propose("buy 0.01 BTC at market").first)
                    #expect(try await someone.sign(proposal).state == "FILLED")
                    // What a person writes by mistake stays here too.
                    let words = "my password is \(someone.password) and my key sk-\(Hex.encode(SecureRandom.bytes(24))), mail \(someone.email)"
                    #expect(try await error(of: words, by: someone.person) == nil)
                    #expect(server.questions.count == 4 && server.questions.allSatisfy { $0.body.contains(#""model":"test-model""#) })
                    let tokens = try await Tokens(of: someone.person, digest: SecureRandom.bytes(32), on: mesh)
                    let credentials = [key, someone.email, someone.password, try await someone.person.token(), tokens.agent, tokens.signOff, "Bearer", "eyJ", "PRIVATE KEY"]
                    for question in server.questions {
                        for credential in credentials { #expect(!question.body.contains(credential)) }
                    }
                    let log = mesh.log(of: .agent, lines: 500)
                    #expect(!log.contains(key) && !log.contains("how is BTC"))
                }
            }
        }

        @Test("The operator's next key is taken up under 200 calls a second and chats without a failed one, though the server refuses the one before from then on")
        func rotation() async throws {
            let (old, new) = (Self.newKey(), Self.newKey())
            try await ModelServer.with(keys: [old]) { server in
                try await LocalMesh.with(model: .init(baseURL: server.url, name: "test-model", rootsPath: server.rootsPath)) { mesh in
                    try await put(old, on: mesh)
                    try await eventually("the agent has the key") { try await keys(on: mesh).contains { $0.state == "active" } }
                    let person = try await mesh.makePerson().person
                    let tokens = try await Tokens(of: person, digest: SecureRandom.bytes(32), on: mesh)
                    let load = ChatLoad(token: tokens.agent, client: try mesh.client(to: .agent, as: "gateway"))
                    let steady = try await SteadyLoad(as: person, on: mesh)
                    let tally = try await steady.during {
                        let running = Task { await load.run() }
                        try await eventually("chats run") { load.done.load(ordering: .relaxed) > 10 }
                        // First into the store; then, at once, the provider ends the one before: the agent asks its store because it is refused.
                        server.accept([old, new])
                        try await put(new, on: mesh)
                        server.accept([new])
                        try await eventually("the new key is used") { server.questions.last?.authorization == "Bearer \(new)" }
                        let before = load.done.load(ordering: .relaxed), calls = steady.done
                        try await eventually("chats and calls go on") { load.done.load(ordering: .relaxed) > before + 10 && steady.done > calls + 200 }
                        load.stop.store(true, ordering: .relaxed)
                        await running.value
                    }
                    #expect(load.failures.withLock { $0 } == [] && tally.failures == [])
                    #expect(server.questions.suffix(10).allSatisfy { $0.authorization == "Bearer \(new)" })
                    #expect(try await keys(on: mesh).map(\.state).sorted() == ["active", "retiring"])
                    let asked = try await pulse(["keys", "rotate", "agent/language-model", "--reason", "test"], on: mesh)
                    #expect(asked.exitCode == 0 && asked.text.contains("put the next one into the secret store as llm-api-key"), "\(asked.text)")
                    let due = try await pulse(["keys", "due"], on: mesh)
                    #expect(due.exitCode == 1 && due.text.contains("agent/language-model/"), "\(due.text)")
                    // It is due until the next one is there, over a restart too.
                    await (try mesh.process(.agent)).stop()
                    await (try mesh.process(.agent)).start()
                    try await mesh.waitUntilReady(.agent)
                    #expect(try await keys(on: mesh).contains { $0.state == "active" && $0.rotationRequested == "test" })
                    let third = Self.newKey()
                    // A key that its server does not know does not take the place of one that serves; it is tried again.
                    try await put(third, on: mesh)
                    try await eventually("the agent says so") { mesh.log(of: .agent, lines: 500).contains("the model's server refuses the new key") }
                    #expect(try await error(of: "how is BTC doing?", by: person) == nil && server.questions.last?.authorization == "Bearer \(new)")
                    server.accept([new, third])
                    try await eventually("nothing is due") { try await pulse(["keys", "due"], on: mesh).exitCode == 0 }
                }
            }
        }

        @Test("A revoked key: from the answer on nothing is sent with it, the agent says that no key is usable, audit has it; the next one serves")
        func revocation() async throws {
            let (stolen, next) = (Self.newKey(), Self.newKey())
            try await ModelServer.with(keys: [stolen, next]) { server in
                try await LocalMesh.with(model: .init(baseURL: server.url, name: "test-model", rootsPath: server.rootsPath)) { mesh in
                    try await put(stolen, on: mesh)
                    try await eventually("the agent has the key") { try await keys(on: mesh).contains { $0.state == "active" } }
                    let someone = try await mesh.makePerson()
                    #expect(try await error(of: "how is BTC doing?", by: someone.person) == nil)
                    let id = try #require(try await keys(on: mesh).first { $0.state == "active" }?.id)
                    let control = try mesh.client(to: .agent, as: "operator")
                    _ = try await KeysV1.KeysClient(control).revokeKey(.init(kind: "language-model", id: id, reason: "stolen"))
                    await control.close()
                    let (asked, answered) = (server.questions.count, ContinuousClock.now)
                    #expect(try await error(of: "how is BTC doing?", by: someone.person)?.message == "No model key is usable.")
                    #expect(ContinuousClock.now - answered < .seconds(1))
                    #expect(server.questions.count == asked)
                    let listed = try await pulse(["keys", "list", "--all"], on: mesh)
                    #expect(listed.exitCode == 0 && listed.text.contains("agent/language-model/\(id)"), "\(listed.text)")
                    try await put(next, on: mesh)
                    try await eventually("the agent has the next key") { try await keys(on: mesh).contains { $0.state == "active" } }
                    #expect(try await error(of: "how is BTC doing?", by: someone.person) == nil)
                    #expect(server.questions.last?.authorization == "Bearer \(next)")
                    let shown = try await pulse(["keys", "show", "agent/language-model/\(id)"], on: mesh)
                    #expect(shown.exitCode == 0 && shown.text.contains("gone"), "\(shown.text)")
                    try await eventually("audit has the key's life") {
                        let told = try audited(about: "language-model/\(id)", on: mesh)
                        return told == ["keys.activated", "keys.revoked"]
                    }
                }
            }
        }
    }
}

/// One person's chats, as many at once as one person may have, each as soon as the one before is over.
private final class ChatLoad: Sendable {
    static let lanes = 2

    let failures = Mutex<[String]>([])
    let done = Atomic(0)
    let stop = Atomic(false)
    private let token: String
    private let client: MeshClient

    init(token: String, client: MeshClient) {
        self.token = token
        self.client = client
    }

    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<Self.lanes { group.addTask { await self.chat(lane) } }
        }
        await client.close()
    }

    private func chat(_ lane: Int) async {
        while !stop.load(ordering: .relaxed) {
            do {
                let request = AgentV1.ChatRequest(utteranceId: "lane-\(lane)", text: "how is BTC doing?")
                for try await _ in try await AgentV1.AgentClient(client).chat(request, options: .bearer(token)) {}
                done.add(1, ordering: .relaxed)
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
    }
}
