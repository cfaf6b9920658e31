import Crypto
import Foundation
import Identity
import Secrets
import Testing

@testable import Deployment
@testable import ServiceKit

@Suite("Making a state folder")
struct InitializerTests {
    private let temporary = TemporaryFolder()
    private var folder: StateFolder { StateFolder(temporary.path + "/state") }

    @Test("Everything in it is its owner's alone")
    func modes() async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        _ = try await Initializer(folder).prepare()
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        #expect(paths.count > 40)
        for path in paths {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(path)")
            let mode = try #require(attributes[.posixPermissions] as? Int)
            #expect(mode == (attributes[.type] as? FileAttributeType == .typeDirectory ? 0o700 : 0o600), "\(path)")
        }
    }

    @Test("Doing it again keeps root, secrets and certificates")
    func again() async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let before = try contents()
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        #expect(try contents() == before)
    }

    private static let row: [ServiceName: Set<String>] = [
        .auth: ["token-signing-key", "data-key", "issuing-key"], .audit: ["log-signing-key", "alert-webhook-key"],
        .sandboxExchange: ["operator-token", "data-key"], .marketData: ["data-key"], .execution: ["data-key"],
    ]

    @Test("Each service has exactly the secrets of its row, no two of one value", arguments: SecretsPlace.allCases)
    func secrets(place: SecretsPlace) async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0, secrets: place))
        var values: [SecretBytes] = []
        for service in ServiceName.allCases {
            let store = try DeploymentSecrets(folder).store(of: service)
            for name in Set(Self.row.values.joined()) {
                guard Self.row[service, default: []].contains(name) else {
                    await #expect(throws: SecretStoreError.self, "\(service) \(name)") { try await store.versions(of: name) }
                    continue
                }
                let value = try await store.secret(named: name)
                #expect(value.count == (name == "operator-token" ? 64 : 32) && !values.contains(value))
                values.append(value)
            }
        }
        #expect(values.count == 9)
        let inClear = values.filter { value in value.withUnsafeBytes { shows(Data($0)) } }
        #expect(inClear.count == (place == .files ? 9 : 0))
    }

    private func shows(_ value: Data) -> Bool {
        let files = try? FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return (files ?? []).contains { FileManager.default.contents(atPath: "\(folder.path)/\($0)")?.range(of: value) != nil }
    }

    @Test("Wrapping keys lie outside of the state folder, in one folder for each service, their owner's alone")
    func wrappingKeys() async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let secrets = try DeploymentSecrets(folder)
        for name in ServiceName.allCases {
            let path = secrets.wrappingKey(of: name)
            #expect(!path.hasPrefix(folder.path + "/"))
            let own = ConfinementPlan(SettingsPlan(options: DeploymentOptions(), ports: PortPlan(base: 7400), folder: folder).settings(for: name))
            for other in ServiceName.allCases {
                #expect(own.readable.contains { secrets.wrappingKey(of: other).hasPrefix($0 + "/") } == (other == name), "\(name) \(other)")
            }
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test("A wrapping key that is missing is asked for, not made anew; brought back from elsewhere, it opens what it sealed")
    func missingWrappingKey() async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let before = try await DeploymentSecrets(folder).store(of: .execution).secret(named: "data-key")
        let moved = temporary.path + "/elsewhere"
        try FileManager.default.moveItem(atPath: folder.usualWrappingKeys, toPath: moved)
        await #expect {
            try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        } throws: {
            "\($0)".contains("bring it back") && "\($0)".contains(folder.usualWrappingKeys)
        }
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0, wrappingKeys: moved))
        #expect(try await DeploymentSecrets(folder).store(of: .execution).secret(named: "data-key") == before)
    }

    @Test("Secrets stay where the folder was made to have them")
    func otherPlace() async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0, secrets: .files))
        await #expect {
            try await Initializer(folder).initialise(DeploymentOptions(portBase: 0, secrets: .sealed))
        } throws: {
            "\($0)".contains("'files'")
        }
    }

    @Test("A folder that says nothing of its secrets was made when they were files")
    func earlierFolder() throws {
        let options = try JSONDecoder().decode(DeploymentOptions.self, from: Data(#"{"environment": "staging", "portBase": 0, "seed": 1}"#.utf8))
        #expect(options.secretsPlace == .files)
    }

    @Test("The root's key lies apart, signed auth's issuing key, and can be taken away")
    func offlineRoot() async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let root = try OfflineRoot(folder).read()
        let raw = try await DeploymentSecrets(folder).store(of: .auth).secret(named: "issuing-key").withUnsafeBytes { SymmetricKey(data: $0) }
        let issuer = try CertificateAuthority(
            certificatePEM: PrivateFiles.readText(folder.tls(.auth) + "/issuer.pem"), privateKeyPEM: MeshKey(raw: raw).pem)
        try issuer.checkIsIssuer(environment: "development", roots: root.certificatePEM)
        #expect(throws: CertificateAuthority.Failure.self) { try issuer.checkIsIssuer(environment: "staging", roots: root.certificatePEM) }
        for name in ServiceName.allCases {
            let plan = SettingsPlan(options: DeploymentOptions(), ports: PortPlan(base: 7400), folder: folder)
            let reach = ConfinementPlan(plan.settings(for: name))
            #expect(!(reach.readable + reach.writable).contains { folder.rootKey.hasPrefix($0 + "/") }, "\(name)")
        }
        try FileManager.default.removeItem(atPath: folder.offline)
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        #expect(throws: DeploymentError.self) { try OfflineRoot(folder).read() }
    }

    @Test("A folder of another environment is refused, naming both")
    func otherEnvironment() async throws {
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        await #expect {
            try await Initializer(folder).initialise(DeploymentOptions(environment: "staging"))
        } throws: {
            "\($0)".contains("'development'") && "\($0)".contains("'staging'")
        }
    }

    @Test("A folder that others may enter is refused when something is in it, and closed to them when it is empty", arguments: [0o755, 0o710, 0o701])
    func openFolder(mode: Int) async throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
        let guest = folder.path + "/guest"
        try Data().write(to: URL(fileURLWithPath: guest))
        await #expect {
            try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        } throws: {
            "\($0)".contains(folder.path) && "\($0)".contains("mode 0\(String(mode, radix: 8))")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["guest"])
        try FileManager.default.removeItem(atPath: guest)
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        #expect(try FileManager.default.attributesOfItem(atPath: folder.path)[.posixPermissions] as? Int == 0o700)
    }

    private func contents() throws -> [String: Data] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).reduce(into: [:]) { contents, path in
            contents[path] = FileManager.default.contents(atPath: "\(folder.path)/\(path)")
        }
    }
}
