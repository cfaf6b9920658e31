import SecretServers
import Secrets
import SecretStores
import Testing

@Suite("Secret stores and environments", .serialized, .timeLimit(.minutes(3)))
struct EnvironmentTests {
    @Test("What one environment put, another does not get, by any driver", arguments: StoreUnderTest.available)
    func foreign(_ driver: StoreUnderTest) async throws {
        try await driver.with(seeded: ["seeded": [1, 2, 3]]) { setup in
            if driver != .env { try await setup.open().put(SecretBytes(copying: [1, 2, 3]), as: "seeded", at: .current) }
            for other in ["staging", "production"] {
                let error = try await #require(throws: SecretStoreError.self) { try await setup.open(in: other).secret(named: "seeded") }
                #expect(error.cause == .otherEnvironment(found: "development", expected: other), "\(error)")
                #expect("\(error)".contains("development") && "\(error)".contains(other))
            }
            #expect(try await setup.open().secret(named: "seeded") == SecretBytes(copying: [1, 2, 3]))
        }
    }

    @Test("In one OpenBao three environments have a secret of one name each, and none gets another's", .enabled(if: ExternalProgram.bao.isExpected))
    func oneServer() async throws {
        let all = ["development", "staging", "production"]
        try await OpenBao.with { bao in
            let rules = all.flatMap { environment in
                ["data", "metadata"].map { kind in
                    "path \"secret/\(kind)/cryptopulse/\(environment)/execution/*\" { capabilities = [\"create\", \"update\", \"read\"] }"
                }
            }
            // A policy that is too wide: the driver's own check must do.
            try await bao.run("policy", "write", "execution", "-", input: rules.joined(separator: "\n"))
            @Sendable func store(_ owner: String, in host: String) throws -> any SecretStore {
                var vault = bao.appRole
                vault.prefix = "cryptopulse/\(owner)/execution"
                return try SecretStoreSettings(driver: .vault, vault: vault).open(folder: "/nowhere", owner: "execution", environment: host)
            }
            for (index, environment) in all.enumerated() {
                try await store(environment, in: environment).put(SecretBytes(copying: [UInt8(index)]), as: "data-key", at: .current)
            }
            for (index, host) in all.enumerated() {
                #expect(try await store(host, in: host).secret(named: "data-key") == SecretBytes(copying: [UInt8(index)]))
                for owner in all where owner != host {
                    let error = try #require(throws: SecretStoreError.self) { try store(owner, in: host) }
                    #expect(error.cause == .otherEnvironment(found: owner, expected: host))
                }
            }
        }
    }

    @Test("A path is the environment's that one of its parts names, and no other's", arguments: [
        ("cryptopulse/execution", nil), ("cryptopulse/development-production", nil), ("a/Development", nil), ("a/developmental", nil),
        ("production/a", "production"), ("development/production/a", "production"), ("development/PRODUCTION", "production"),
        ("development/staging", "staging"),
    ] as [(String, String?)])
    func paths(prefix: String, found: String?) throws {
        let aws = AWSSettings(region: "eu-central-1", prefix: prefix, credentials: .instance)
        let error = try #require(throws: SecretStoreError.self) {
            try SecretStoreSettings(driver: .aws, aws: aws).open(folder: "/nowhere", owner: "execution", environment: "development")
        }
        #expect(error.cause == .otherEnvironment(found: found, expected: "development"))
    }

    @Test("Neither mount nor namespace may be another environment's", arguments: [(nil, "production/secret"), ("staging", nil)] as [(String?, String?)])
    func mounts(namespace: String?, mount: String?) throws {
        let vault = VaultSettings(
            address: "https://127.0.0.1:1", namespace: namespace, mount: mount, prefix: "development/execution",
            login: .appRole(.init(role: "execution", roleID: "r", secretIDFile: "/nowhere")))
        #expect(throws: SecretStoreError.self) {
            try SecretStoreSettings(driver: .vault, vault: vault).open(folder: "/nowhere", owner: "execution", environment: "development")
        }
    }

    @Test("Secrets that name no environment are nobody's")
    func unmarked() async throws {
        let folder = try TemporaryFolder()
        let error = try #require(throws: SecretStoreError.self) {
            try SecretStoreSettings().open(folder: folder.path, owner: "execution", environment: "development")
        }
        #expect(error.cause == .otherEnvironment(found: nil, expected: "development"))
        #expect(throws: SecretStoreError.self) {
            try SecretStoreSettings(driver: .env, env: .init(prefix: "CP_UNMARKED_")).open(folder: "/nowhere", owner: "execution", environment: "development")
        }
    }
}
