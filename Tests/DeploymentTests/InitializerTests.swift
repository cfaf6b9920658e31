import Crypto
import Foundation
import Identity
import Testing

@testable import Deployment
@testable import ServiceKit

@Suite("Making a state folder")
struct InitializerTests {
    private let temporary = TemporaryFolder()
    private var folder: StateFolder { StateFolder(temporary.path + "/state") }

    @Test("Everything in it is its owner's alone")
    func modes() throws {
        try Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        _ = try Initializer(folder).prepare()
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        #expect(paths.count > 40)
        for path in paths {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(path)")
            let mode = try #require(attributes[.posixPermissions] as? Int)
            #expect(mode == (attributes[.type] as? FileAttributeType == .typeDirectory ? 0o700 : 0o600), "\(path)")
        }
    }

    @Test("Doing it again keeps root, secrets and certificates")
    func again() throws {
        try Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let before = try contents()
        try Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        #expect(try contents() == before)
    }

    @Test("Each service has exactly the secrets of its row")
    func secrets() throws {
        try Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        func names(_ service: ServiceName) throws -> Set<String> {
            Set(try FileManager.default.contentsOfDirectory(atPath: folder.secrets(service)))
        }
        #expect(try names(.auth) == ["environment", "token-signing-key", "data-key", "issuing-key"])
        #expect(try names(.audit) == ["environment", "log-signing-key", "alert-webhook-key", "data-key"])
        #expect(try names(.sandboxExchange) == ["environment", "operator-token", "data-key"])
        for service in [ServiceName.gateway, .agent, .marketData, .execution] { #expect(try names(service) == ["environment", "data-key"]) }
        let all = try ServiceName.allCases.map { try Data(contentsOf: URL(fileURLWithPath: folder.secrets($0) + "/data-key")) }
        #expect(Set(all).count == all.count)
        #expect(all.allSatisfy { $0.count == 32 })
    }

    @Test("The root's key lies apart, signed auth's issuing key, and can be taken away")
    func offlineRoot() throws {
        try Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let root = try OfflineRoot(folder).read()
        let raw = SymmetricKey(data: try PrivateFiles.read(folder.secrets(.auth) + "/issuing-key"))
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
        try Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        #expect(throws: DeploymentError.self) { try OfflineRoot(folder).read() }
    }

    @Test("A folder of another environment is refused, naming both")
    func otherEnvironment() throws {
        try Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        #expect {
            try Initializer(folder).initialise(DeploymentOptions(environment: "staging"))
        } throws: {
            "\($0)".contains("'development'") && "\($0)".contains("'staging'")
        }
    }

    @Test("A folder that others may enter is refused when something is in it, and closed to them when it is empty", arguments: [0o755, 0o710, 0o701])
    func openFolder(mode: Int) throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
        let guest = folder.path + "/guest"
        try Data().write(to: URL(fileURLWithPath: guest))
        #expect {
            try Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        } throws: {
            "\($0)".contains(folder.path) && "\($0)".contains("mode 0\(String(mode, radix: 8))")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["guest"])
        try FileManager.default.removeItem(atPath: guest)
        try Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        #expect(try FileManager.default.attributesOfItem(atPath: folder.path)[.posixPermissions] as? Int == 0o700)
    }

    private func contents() throws -> [String: Data] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).reduce(into: [:]) { contents, path in
            contents[path] = FileManager.default.contents(atPath: "\(folder.path)/\(path)")
        }
    }
}
