import Foundation
import Identity
import SecretStores
import Secrets
import Synchronization
import Testing

@testable import Deployment

@Suite("What a role could have seen")
struct RoleSecretsTests {
    private let temporary = TemporaryFolder()
    private var folder: StateFolder { StateFolder(temporary.path + "/state") }

    /// What is left to others in a deployment with such stores. Nothing is asked of them.
    private func left(_ stores: String, tradeKeys: String? = nil, of name: ServiceName?) throws -> [String] {
        var options = DeploymentOptions(portBase: 0)
        options.secretStores = try JSONDecoder().decode([String: SecretStoreSettings].self, from: Data(stores.utf8))
        options.tradeKeys = try tradeKeys.map { try JSONDecoder().decode(RemoteKeySettings.self, from: Data($0.utf8)) }
        try PrivateFiles.makeFolder(folder.path)
        try PrivateFiles.write(json: options, to: folder.deploymentFile)
        return try RoleSecrets(folder).leftToOthers(of: name)
    }

    private static func vault(_ login: String) -> String {
        #"{"driver": "vault", "vault": {"address": "https://vault:8200", "prefix": "cryptopulse/development/x", "login": \#(login)}}"#
    }

    private static let stores = """
        {"execution": \(vault(#"{"appRole": {"role": "execution", "roleID": "r", "secretIDFile": "/etc/execution/secret-id"}}"#)),
         "auth": \(vault(#"{"certificate": {"role": "auth", "certificatePath": "/c", "privateKeyPath": "/etc/auth/vault-key"}}"#)),
         "market-data": {"driver": "aws", "aws": {"region": "eu-central-1", "prefix": "cryptopulse/development/x", "credentials": "environment"}},
         "agent": {"driver": "aws", "aws": {"region": "eu-central-1", "prefix": "cryptopulse/development/x", "credentials": "instance"}},
         "gateway": {"driver": "pkcs11", "pkcs11": {"module": "/m", "token": "hsm", "pinFile": "/etc/gateway/pin", "wrappingKey": "w"}}}
        """

    @Test("What only somebody else can replace is named with its place and what to do, for each login to a store", arguments: [
        (ServiceName.execution, ["execution/secret id of the AppRole execution at https://vault:8200", "/etc/execution/secret-id", "revoked"]),
        (.auth, ["auth/key /etc/auth/vault-key, a login to https://vault:8200 as auth"]),
        (.marketData, ["market-data/AWS access key in its environment", "delete the one before in IAM"]),
        (.agent, ["agent/AWS session of its instance's role", "ends by itself"]), (.gateway, ["gateway/PIN of the token hsm, in /etc/gateway/pin"]),
    ])
    func foreign(name: ServiceName, words: [String]) throws {
        let lines = try left(Self.stores, of: name)
        #expect(lines.count == 1 && words.allSatisfy { word in lines.contains { $0.contains(word) } }, "\(lines)")
        #expect(try Set(lines).isSubset(of: left(Self.stores, of: nil)))
    }

    @Test("The login to the place of trade keys is execution's too; a log's key and the root stay as they are, and that is said; others have nothing left")
    func elsewhere() throws {
        let device = #"{"environment": "development", "pkcs11": {"module": "/m", "token": "trade", "pinFile": "/etc/execution/pin"}}"#
        #expect(try left("{}", tradeKeys: device, of: .execution).map { $0.prefix(40) } == ["execution/PIN of the token trade, in /et"])
        #expect(try left("{}", of: .audit).map { $0.prefix(20) } == ["audit/log-signing: a"])
        for name in [ServiceName.execution, .auth, .marketData, .agent, .gateway, .sandboxExchange] { #expect(try left("{}", of: name) == [], "\(name)") }
        #expect(try left("{}", of: nil).map { $0.prefix(17) } == ["audit/log-signing", "operator/root key"])
    }

    @Test("The sandbox exchange's data key is another, with the one before beside it; a second time waits until that one is gone, the rest does not")
    func sandbox() async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let (roles, secrets) = (try RoleSecrets(folder), try DeploymentSecrets(folder))
        let first = try await secrets.store(of: .sandboxExchange).secret(named: "data-key")
        var told: [String] = []
        try await roles.replace(of: .sandboxExchange) { told.append($0) }
        #expect(told.map { $0.prefix { $0 != ":" } } == ["secrets", "HTTPS key", "operator token", "data key"].map { "sandbox-exchange/\($0)"[...] })
        let store = try secrets.store(of: .sandboxExchange)
        let second = try await store.secret(named: "data-key")
        #expect(second != first)
        #expect(try await store.value(of: "data-key", at: .previous).bytes == first)
        told = []
        let error = try await #require(throws: DeploymentError.self) { try await roles.replace(of: .sandboxExchange) { told.append($0) } }
        #expect(error.description.contains("sandbox-exchange/data-key") && told.count == 3)
        let again = try secrets.store(of: .sandboxExchange)
        #expect(try await again.secret(named: "data-key") == second)
        // As the exchange does once its overlap is over.
        let before = try #require(try await again.versions(of: "data-key").first { $0.stages.contains(.previous) })
        try await again.revoke(before.id, of: "data-key")
        try await roles.replace(of: .sandboxExchange) { _ in }
        #expect(try await secrets.store(of: .sandboxExchange).secret(named: "data-key") != second)
    }

    @Test("Whenever the issuer of HTTPS certificates is read while others take its place, its key fits its certificate")
    func issuerPair() async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let (folder, root) = (folder, try OfflineRoot(folder).read())
        let first = try HTTPSIssuerFile(folder).read().serial
        let isDone = Atomic(false)
        let replacing = Task {
            defer { isDone.store(true, ordering: .releasing) }
            for _ in 0..<20 {
                try HTTPSCertificates(folder: folder).replaceIssuer(root)
                await Task.yield()
            }
        }
        // Throws for a pair that does not fit. As a process that starts at this moment.
        while !isDone.load(ordering: .acquiring) {
            _ = try HTTPSIssuerFile(folder).read()
            await Task.yield()
        }
        try await replacing.value
        #expect(try HTTPSIssuerFile(folder).read().serial != first)
    }

    @Test("A replacement of the issuer that ends at any of its writes leaves a pair that fits, and the next start serves by it")
    func interruptedIssuer() async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let before = try HTTPSIssuerFile(folder).read().serial
        // All that was written before its last step: other files beside it.
        try PrivateFiles.write(try OfflineRoot(folder).read().makeHTTPSIssuer().privateKeyPEM, to: folder.httpsIssuer + ".4711.1")
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        #expect(try HTTPSIssuerFile(folder).read().serial == before)
        // Its last step, and no server's certificate yet: those of the issuer before are good until they are due.
        try HTTPSIssuerFile(folder).write(try OfflineRoot(folder).read().makeHTTPSIssuer())
        try HTTPSCertificates(folder: folder).renewDue(now: Date() + 13 * 3600)
        let chain = try PrivateFiles.readText(folder.tls(.gateway) + "/https-cert.pem")
        #expect(chain.contains(try HTTPSIssuerFile(folder).read().certificatePEM))
    }

    @Test("The pair that an earlier release kept in two files goes on signing, and nobody has to bring the root")
    func formerIssuer() async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let issuer = try HTTPSIssuerFile(folder).read()
        let former = ["key": issuer.privateKeyPEM, "crt": issuer.certificatePEM]
        for (name, text) in former { try PrivateFiles.write(text, to: "\(folder.pki)/https-issuer.\(name).pem") }
        unlink(folder.httpsIssuer)
        try FileManager.default.moveItem(atPath: folder.offline, toPath: folder.path + ".away")
        defer { try? FileManager.default.removeItem(atPath: folder.path + ".away") }
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        #expect(try HTTPSIssuerFile(folder).read().serial == issuer.serial)
        for name in former.keys { #expect(!FileManager.default.fileExists(atPath: "\(folder.pki)/https-issuer.\(name).pem")) }
    }
}
