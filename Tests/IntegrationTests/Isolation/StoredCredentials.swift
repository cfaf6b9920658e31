import Crypto
import Cryptography
import Deployment
import Foundation
import Secrets

/// Every credential that a deployment keeps, as it is at this moment: in files, in secret stores, sealed in databases.
struct StoredCredentials {
    private(set) var values: [PlantedValue] = []
    /// What the sealed columns hold.
    private(set) var columns: [OpenedColumn] = []

    private let folder: StateFolder

    init(_ folder: StateFolder) async throws {
        self.folder = folder
        try readFiles()
        try await readStores()
        // The exchange's columns are named by what it keeps only hashes of: its keys are looked for, not what they seal.
        for owner in OpenedDatabase.owners + [.sandboxExchange] { try await readDatabase(of: owner) }
    }

    private mutating func add(_ credential: String, _ forms: SecretForms) {
        values.append(PlantedValue(credential: credential, forms: forms))
    }

    // MARK: - Files

    private mutating func readFiles() throws {
        for name in ServiceName.allCases {
            if name.isMeshMember { add("mesh key of \(name.rawValue)", try SecretForms(p256: Self.text(folder.tls(name) + "/key.pem"))) }
            if name.servesHTTPS { add("HTTPS key of \(name.rawValue)", try SecretForms(p256: Self.text(folder.tls(name) + "/https-key.pem"))) }
        }
        add("operator's mesh key", try SecretForms(p256: Self.text(folder.operatorTLS + "/key.pem")))
        add("HTTPS issuing key", try SecretForms(p256: Self.key(in: Self.text(folder.httpsIssuer))))
        add("root key", try SecretForms(p256: Self.text(folder.rootKey)))
    }

    /// Join tokens lie there only until their bearers have used them: to be read before anything runs.
    static func joinTokens(_ folder: StateFolder) throws -> [PlantedValue] {
        let members = ServiceName.allCases.filter(\.enrols).map { ("join token of \($0.rawValue)", folder.enrol($0)) }
        return try (members + [("operator's join token", folder.operatorEnrol)]).map { name, place in
            let text = try Self.text(place + "/join-token").trimmingCharacters(in: .whitespacesAndNewlines)
            guard let token = Base64URL.decode(text) else { throw NeverHappened(what: "a join token is Base64") }
            return PlantedValue(credential: name, forms: SecretForms(symmetricKey: token))
        }
    }

    // MARK: - Secret stores

    private mutating func readStores() async throws {
        let purposes = ["cryptopulse column cipher v1", "cryptopulse key wrapping v1"]
        for name in ServiceName.allCases {
            add("wrapping key of \(name.rawValue)", SecretForms(symmetricKey: try Self.bytes(DeploymentSecrets(folder).wrappingKey(of: name))))
        }
        for name in CredentialTable.withDataKey {
            add("data key of \(name.rawValue)", SecretForms(symmetricKey: try await Self.secret("data-key", of: name, folder), derivedFor: purposes))
        }
        add("token signing key", SecretForms(ed25519Seed: try await Self.secret("token-signing-key", of: .auth, folder)))
        add("log signing key", SecretForms(ed25519Seed: try await Self.secret("log-signing-key", of: .audit, folder)))
        add("alert webhook key", SecretForms(symmetricKey: try await Self.secret("alert-webhook-key", of: .audit, folder)))
        for (credential, secret, name) in [
            ("sandbox operator's token", "operator-token", ServiceName.sandboxExchange), ("language model key", "llm-api-key", .agent),
        ] {
            add(credential, SecretForms(text: String(decoding: try await Self.secret(secret, of: name, folder), as: UTF8.self)))
        }
    }

    static func secret(_ secret: String, of name: ServiceName, _ folder: StateFolder) async throws -> [UInt8] {
        try await DeploymentSecrets(folder).store(of: name).secret(named: secret).withUnsafeBytes(Array.init)
    }

    // MARK: - Databases

    private mutating func readDatabase(of owner: ServiceName) async throws {
        let database = try await OpenedDatabase(of: owner, in: folder)
        for key in database.keys { add("keys that seal the database of \(owner.rawValue)", SecretForms(symmetricKey: key)) }
        if owner == .auth {
            for scalar in try database.issuingKeys() {
                add("mesh issuing key", try SecretForms(p256: P256.Signing.PrivateKey(rawRepresentation: scalar).pemRepresentation))
            }
        }
        let opened = try database.columns()
        columns += opened
        // What people sent is known from them; these were made inside and have never been shown.
        let made = [
            "exchange_key.sealed_private_key": "market-data's own exchange key", "person_key.sealed_private_key": "person's exchange key for reading",
            "exchange_keys.private_key_sealed": "person's exchange key for trading",
        ]
        for column in opened {
            let place = "\(column.table).\(column.column)"
            if let credential = made[place] { add(credential, SecretForms(ed25519Seed: column.bytes)) }
            if place == "exchange_key.sealed_api_key" { add("market-data's own API key", SecretForms(text: String(decoding: column.bytes, as: UTF8.self))) }
        }
    }

    /// The PEM block of a key that stands beside its certificate.
    private static func key(in pem: String) throws -> String {
        guard let from = pem.range(of: "-----BEGIN PRIVATE KEY-----"), let to = pem.range(of: "-----END PRIVATE KEY-----") else {
            throw NeverHappened(what: "the issuer's file has its key")
        }
        return String(pem[from.lowerBound..<to.upperBound]) + "\n"
    }

    private static func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }
    private static func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }
}
