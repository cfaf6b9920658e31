import Crypto
import Cryptography
import Deployment
import Foundation
import LocalMesh
import MeshRuntime
import PulseCommands
import Secrets
import ServiceAPI
import TestSupport

/// A person's and an operator's day with the whole mesh, and every credential that was used in it.
struct DayOfWork {
    /// Short, so that the day sees the next key come into use.
    static let tokenLead: Int64 = 4

    private(set) var planted: [PlantedValue]
    /// What the sealed columns held at the end of the day.
    private(set) var columns: [OpenedColumn] = []
    private let mesh: LocalMesh

    /// Signs up and in, links keys, chats, has every key rotated that can be, trades with a second factor, reads the audit log.
    ///
    /// - Parameters:
    ///   - modelKeys: what an operator gives the agent for its language model, first and later.
    ///   - joinTokens: with which everybody came in.
    init(on mesh: LocalMesh, modelKeys: (String, String), joinTokens: [PlantedValue]) async throws {
        self.mesh = mesh
        planted = joinTokens
        try await put(modelKey: modelKeys.0)
        var (person, authenticator, exchange) = try await signUp()
        var apiKeys = try await link(person, to: exchange)
        try await talk(to: person)
        let before = try await StoredCredentials(mesh.folder).values + apiKeys
        try await rotate(modelKey: modelKeys.1)
        apiKeys = try await link(person, to: exchange)
        try await eventually("the trade key before is erased") {
            try await !keys(at: .execution).contains { $0.kind == "exchange-trade" && $0.state == "retiring" }
        }
        try await renew(person)
        try await buy(as: person, with: &authenticator)
        _ = try await person.portfolio()
        let _: AuditAnswer = try await person.get("/v1/audit/records")
        let tokens = try await Tokens(of: person, digest: SecureRandom.bytes(32), on: mesh)
        plantToken("agent's narrowed token", tokens.agent)
        plantToken("sign-off token", tokens.signOff)
        let stored = try await StoredCredentials(mesh.folder)
        let now = stored.values + apiKeys
        columns = stored.columns
        // What is still as it was is not old.
        planted += now + before.filter { !now.contains($0) }.map { PlantedValue(credential: $0.credential, forms: $0.forms, isReplaced: true) }
    }

    private mutating func plant(_ credential: String, _ forms: SecretForms) {
        planted.append(PlantedValue(credential: credential, forms: forms))
    }

    // MARK: - What the person does

    private mutating func signUp() async throws -> (Person, Authenticator, SandboxAccount.Open) {
        let (email, password) = ("isolation-\(Hex.encode(SecureRandom.bytes(12)))@example.com", Hex.encode(SecureRandom.bytes(20)))
        plant("e-mail address", SecretForms(text: email))
        plant("password", SecretForms(text: password))
        let secret = try await mesh.gateway.signUp(email: email, password: password).totp.secret
        plant("authenticator seed", try SecretForms(totpSecret: secret))
        guard var authenticator = Authenticator(secret: secret) else { throw NeverHappened(what: "an authenticator") }
        let first = try await mesh.gateway.confirmAuthenticator(email: email, password: password, code: try await authenticator.nextCode())
        let second = try await mesh.gateway.signIn(email: email, password: password, code: try await authenticator.nextCode())
        let renewed = try await mesh.gateway.refresh(first.refreshToken)
        for session in [first, second, renewed] { plant(session.refreshToken, session.accessToken) }
        // As `pulse` keeps it, in the person's own folder.
        let person = try Person(gateway: mesh.gateway, store: SessionStore(mesh.folder), signedIn: Session(second, email: email))
        return (person, authenticator, try await SandboxAccount(folder: mesh.folder, client: mesh.https).open(["USDT": "100000"]))
    }

    private mutating func plant(_ refreshToken: String, _ accessToken: String) {
        plant("refresh token", SecretForms(text: refreshToken))
        plantToken("access token", accessToken)
    }

    /// The token, and what the header of every token of its kind says: that finds also those that the gateway got for itself.
    private mutating func plantToken(_ kind: String, _ token: String) {
        plant(kind, SecretForms(text: token))
        let types = ["access token": "at+jwt", "agent's narrowed token": "agent+jwt", "sign-off token": "signoff+jwt"]
        if let type = types[kind] { plant(kind, SecretForms(inBase64: "\"typ\":\"\(type)\"")) }
    }

    /// - Returns: the API keys that the exchange gave.
    private func link(_ person: Person, to account: SandboxAccount.Open) async throws -> [PlantedValue] {
        var keys: [PlantedValue] = []
        for purpose in Person.ExchangeKeyPurpose.allCases {
            try await person.linkExchange(to: purpose) {
                let key = try await account.register($0, label: "isolation", permissions: purpose == .trade ? ["read", "trade"] : ["read"])
                keys.append(.init(credential: "person's API key for \(purpose == .trade ? "trading" : "reading")", forms: SecretForms(text: key)))
                return key
            }
        }
        return keys
    }

    private mutating func talk(to person: Person) async throws {
        // Small letters alone, so that nothing takes it for a key.
        let word = String((0..<24).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() ?? "a" })
        plant("what a person says", SecretForms(text: word))
        for try await _ in try await person.chat("how is BTC doing this week? \(word)") {}
    }

    /// An order above the threshold: the second factor is asked for.
    private func buy(as person: Person, with authenticator: inout Authenticator) async throws {
        var proposal: ProposalText?
        for try await line in try await person.chat("buy 0.1 BTC at market") {
            if let made = line.proposal { proposal = try await ProposalText(person.proposal(made.proposalId)) }
        }
        guard let proposal, proposal.needsSecondFactor else { throw NeverHappened(what: "a proposal that needs a second factor") }
        let order = try await person.sign(proposal, code: try await authenticator.nextCode())
        guard order.state == "FILLED" else { throw NeverHappened(what: "the order is filled") }
    }

    private mutating func renew(_ person: Person) async throws {
        try await person.renew()
        let session = try JSONDecoder().decode([String: Text].self, from: Data(contentsOf: URL(filePath: mesh.folder.person + "/session.json")))
        guard let refresh = session["refreshToken"]?.text, let access = session["accessToken"]?.text else { throw NeverHappened(what: "a session in a file") }
        plant(refresh, access)
    }

    /// A value that may be text.
    private struct Text: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
    }

    // MARK: - What the operator does

    private func put(modelKey: String) async throws {
        let before = try await active(at: .agent)
        try await DeploymentSecrets(mesh.folder).store(of: .agent).put(SecretBytes(copying: modelKey.utf8), as: "llm-api-key", at: .current)
        try await eventually("the agent has its key") { try await !active(at: .agent).subtracting(before).isEmpty }
    }

    private static let rotatable = [
        "auth/token-signing", "auth/data-encryption", "auth/mesh-issuing", "market-data/data-encryption", "market-data/exchange-market", "audit/webhook",
    ]

    private func rotate(modelKey: String) async throws {
        let before = try await activeKeys()
        for key in Self.rotatable { try await pulse(["keys", "rotate", key]) }
        try await put(modelKey: modelKey)
        // Its certificate too: that brings it another mesh key.
        let certificate = try certificate(of: .execution)
        try await pulse(["keys", "rotate", "--seen-by", "execution"])
        try await eventually("execution has enrolled anew") { try self.certificate(of: .execution) != certificate }
        try await eventually("it is let in, and all have other keys but those that only their owners can replace") {
            // Nobody is asked with a certificate that is just being replaced.
            guard let now = try? await activeKeys() else { return false }
            let kept = before.filter { key in ["log-signing", "exchange-trade", "exchange-read"].contains { key.hasPrefix($0) } }
            return now.count == before.count && now.intersection(before) == kept
        }
    }

    private func activeKeys() async throws -> Set<String> {
        var all: Set<String> = []
        for name in [ServiceName.auth, .execution, .marketData, .audit] { all.formUnion(try await active(at: name)) }
        return all
    }

    private func pulse(_ arguments: [String]) async throws {
        let run = try await ProgramRun.of(
            ProgramFolder().path + "/pulse", arguments + ["--reason", "team-change", "--state", mesh.folder.path])
        guard run.exitCode == 0 else { throw NeverHappened(what: "pulse \(arguments.joined(separator: " ")): \(run.text)") }
    }

    private func certificate(of name: ServiceName) throws -> Data {
        try Data(contentsOf: URL(filePath: mesh.folder.tls(name) + "/cert.pem"))
    }

    private func keys(at name: ServiceName) async throws -> [KeysV1.Key] {
        let client = try mesh.client(to: name, as: "operator")
        do {
            let keys = try await KeysV1.KeysClient(client).listKeys(.init()).keys
            await client.close()
            return keys
        } catch {
            await client.close()
            throw error
        }
    }

    private func active(at name: ServiceName) async throws -> Set<String> {
        Set(try await keys(at: name).filter { $0.state == "active" }.map { "\($0.kind)/\($0.id)" })
    }
}
