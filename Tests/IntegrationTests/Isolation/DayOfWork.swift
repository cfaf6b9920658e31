import Crypto
import Cryptography
import Deployment
import Foundation
import GRDB
import LocalMesh
import MeshRuntime
import PulseCommands
import Secrets
import ServiceAPI

/// A person's day with the whole mesh, and every credential that was used in it.
struct DayOfWork {
    private(set) var planted: [(credential: String, forms: SecretForms)] = []

    /// Signs up and in, links a key, chats, trades with a second factor, reads the audit log.
    ///
    /// - Parameter modelKey: what an operator gives the agent for its language model.
    init(on mesh: LocalMesh, modelKey: String) async throws {
        plant("language model key", SecretForms(text: modelKey))
        try await DeploymentSecrets(mesh.folder).store(of: .agent).put(SecretBytes(copying: modelKey.utf8), as: "llm-api-key", at: .current)
        try await eventually("the agent has its key") { try await Self.agentKeys(on: mesh).contains { $0.state == "active" } }
        try await live(on: mesh)
        try plantFiles(of: mesh.folder)
        try await plantSecrets(of: mesh.folder)
        for name in [ServiceName.auth, .execution, .marketData] { try await plantDataKeys(of: name, mesh.folder) }
        try await plantIssuingKeys(mesh.folder)
        try await plantMarketData(mesh.folder)
        try await plantPeoplesKeys(mesh.folder)
    }

    private static func agentKeys(on mesh: LocalMesh) async throws -> [KeysV1.Key] {
        let client = try mesh.client(to: .agent, as: "operator")
        let keys = try await KeysV1.KeysClient(client).listKeys(.init(kind: "language-model")).keys
        await client.close()
        return keys
    }

    private mutating func plant(_ credential: String, _ forms: SecretForms) {
        planted.append((credential, forms))
    }

    // MARK: - What the person does

    private mutating func live(on mesh: LocalMesh) async throws {
        let (email, password) = ("isolation-\(Hex.encode(SecureRandom.bytes(12)))@example.com", Hex.encode(SecureRandom.bytes(20)))
        plant("e-mail address", SecretForms(text: email))
        plant("password", SecretForms(text: password))
        let account = try await mesh.gateway.signUp(email: email, password: password)
        plant("authenticator seed", try SecretForms(totpSecret: account.totp.secret))
        guard var authenticator = Authenticator(secret: account.totp.secret) else { throw NeverHappened(what: "an authenticator") }
        let first = try await mesh.gateway.confirmAuthenticator(email: email, password: password, code: try await authenticator.nextCode())
        let second = try await mesh.gateway.signIn(email: email, password: password, code: try await authenticator.nextCode())
        let renewed = try await mesh.gateway.refresh(first.refreshToken)
        for session in [first, second, renewed] { plant(session) }
        let person = Person(gateway: mesh.gateway, session: Session(second, email: email))
        try await trade(as: person, with: &authenticator, on: mesh)
    }

    private mutating func plant(_ session: SessionAnswer) {
        plant("refresh token", SecretForms(text: session.refreshToken))
        plantToken("access token", session.accessToken)
    }

    /// The token, and what the header of every token of its kind says: that finds also those that the gateway got for itself.
    private mutating func plantToken(_ kind: String, _ token: String) {
        plant(kind, SecretForms(text: token))
        let types = ["access token": "at+jwt", "agent's narrowed token": "agent+jwt", "sign-off token": "signoff+jwt"]
        if let type = types[kind] { plant(kind, SecretForms(inBase64: "\"typ\":\"\(type)\"")) }
    }

    private mutating func trade(as person: Person, with authenticator: inout Authenticator, on mesh: LocalMesh) async throws {
        let open = try await SandboxAccount(folder: mesh.folder, client: mesh.https).open(["USDT": "100000"])
        for purpose in Person.ExchangeKeyPurpose.allCases {
            var apiKey = ""
            try await person.linkExchange(to: purpose) {
                apiKey = try await open.register($0, label: "isolation", permissions: purpose == .trade ? ["read", "trade"] : ["read"])
                return apiKey
            }
            plant("person's API key for \(purpose == .trade ? "trading" : "reading")", SecretForms(text: apiKey))
        }
        // Small letters alone, so that nothing takes it for a key.
        let word = String((0..<24).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() ?? "a" })
        plant("what a person says", SecretForms(text: word))
        for try await _ in try await person.chat("how is BTC doing this week? \(word)") {}
        try await buy(as: person, with: &authenticator)
        _ = try await person.portfolio()
        let _: AuditAnswer = try await person.get("/v1/audit/records")
        let tokens = try await Tokens(of: person, digest: SecureRandom.bytes(32), on: mesh)
        plantToken("agent's narrowed token", tokens.agent)
        plantToken("sign-off token", tokens.signOff)
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

    // MARK: - What lies in files

    private mutating func plantFiles(of folder: StateFolder) throws {
        for name in ServiceName.allCases {
            if name.isMeshMember { plant("mesh key of \(name.rawValue)", try SecretForms(p256: Self.text(folder.tls(name) + "/key.pem"))) }
            if name.servesHTTPS { plant("HTTPS key of \(name.rawValue)", try SecretForms(p256: Self.text(folder.tls(name) + "/https-key.pem"))) }
        }
        plant("operator's mesh key", try SecretForms(p256: Self.text(folder.operatorTLS + "/key.pem")))
        plant("root key", try SecretForms(p256: Self.text(folder.rootKey)))
    }

    // MARK: - What lies in secret stores

    private mutating func plantSecrets(of folder: StateFolder) async throws {
        let purposes = ["cryptopulse column cipher v1", "cryptopulse key wrapping v1"]
        for name in ServiceName.allCases {
            let wrapping = try Self.bytes(DeploymentSecrets(folder).wrappingKey(of: name))
            plant("wrapping key of \(name.rawValue)", SecretForms(symmetricKey: wrapping))
        }
        for name in CredentialTable.withDataKey {
            plant("data key of \(name.rawValue)", SecretForms(symmetricKey: try await Self.secret("data-key", of: name, folder), derivedFor: purposes))
        }
        plant("token signing key", SecretForms(ed25519Seed: try await Self.secret("token-signing-key", of: .auth, folder)))
        plant("log signing key", SecretForms(ed25519Seed: try await Self.secret("log-signing-key", of: .audit, folder)))
        plant("alert webhook key", SecretForms(symmetricKey: try await Self.secret("alert-webhook-key", of: .audit, folder)))
        let token = try await Self.secret("operator-token", of: .sandboxExchange, folder)
        plant("sandbox operator's token", SecretForms(text: String(decoding: token, as: UTF8.self)))
    }

    static func secret(_ secret: String, of name: ServiceName, _ folder: StateFolder) async throws -> [UInt8] {
        try await DeploymentSecrets(folder).store(of: name).secret(named: secret).withUnsafeBytes(Array.init)
    }

    // MARK: - What lies sealed in databases: opened as its owner opens it

    private mutating func plantMarketData(_ folder: StateFolder) async throws {
        let cipher = try await Self.cipher(.marketData, folder)
        func open(_ column: String, _ row: Row) throws -> [UInt8] {
            try cipher.open(Array(row[column] as Data), at: ColumnAddress(table: "exchange_key", column: column, row: "1"))
        }
        for row in try Self.rows(.marketData, in: folder, "SELECT * FROM exchange_key") {
            plant("market-data's own exchange key", SecretForms(ed25519Seed: try open("sealed_private_key", row)))
            plant("market-data's own API key", SecretForms(text: String(decoding: try open("sealed_api_key", row), as: UTF8.self)))
        }
    }

    private mutating func plantPeoplesKeys(_ folder: StateFolder) async throws {
        for (name, table, column, purpose) in [
            (ServiceName.execution, "exchange_keys", "private_key_sealed", "trading"), (.marketData, "person_key", "sealed_private_key", "reading"),
        ] {
            for row in try Self.rows(name, in: folder, "SELECT id, \(column) AS sealed FROM \(table)") {
                let address = ColumnAddress(table: table, column: column, row: row["id"])
                let seed = try await Self.cipher(name, folder).open(Array(row["sealed"] as Data), at: address)
                plant("person's exchange key for \(purpose)", SecretForms(ed25519Seed: seed))
            }
        }
    }

    private mutating func plantDataKeys(of name: ServiceName, _ folder: StateFolder) async throws {
        for key in try await Self.dataKeys(of: name, folder).values {
            plant("keys that seal the database of \(name.rawValue)", SecretForms(symmetricKey: key.withUnsafeBytes(Array.init)))
        }
    }

    private mutating func plantIssuingKeys(_ folder: StateFolder) async throws {
        guard let root = try await Self.dataKeys(of: .auth, folder)["issuing"] else { throw NeverHappened(what: "auth has a key for issuing keys") }
        for row in try Self.rows(.auth, in: folder, "SELECT wrapped FROM issuing_keys WHERE wrapped IS NOT NULL") {
            let scalar = try KeyWrapping(rootSecret: root).unwrap(Array(row["wrapped"] as Data)).withUnsafeBytes(Array.init)
            plant("mesh issuing key", try SecretForms(p256: P256.Signing.PrivateKey(rawRepresentation: scalar).pemRepresentation))
        }
    }

    private static func dataKeys(of name: ServiceName, _ folder: StateFolder) async throws -> [String: SymmetricKey] {
        let wrapping = KeyWrapping(rootSecret: SymmetricKey(data: try await secret("data-key", of: name, folder)))
        return try rows(name, in: folder, "SELECT purpose, wrapped FROM data_keys").reduce(into: [:]) { keys, row in
            keys[row["purpose"]] = try wrapping.unwrap(Array(row["wrapped"] as Data))
        }
    }

    private static func cipher(_ name: ServiceName, _ folder: StateFolder) async throws -> ColumnCipher {
        guard let key = try await dataKeys(of: name, folder)["columns"] else { throw NeverHappened(what: "\(name.rawValue) has a key for columns") }
        return try ColumnCipher(keys: [1: key], current: 1)
    }

    private static func rows(_ name: ServiceName, in folder: StateFolder, _ sql: String) throws -> [Row] {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: "\(folder.data(name))/\(name.rawValue).sqlite", configuration: configuration)
        defer { try? queue.close() }
        return try queue.read { try Row.fetchAll($0, sql: sql) }
    }

    private static func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }
    private static func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }
}
