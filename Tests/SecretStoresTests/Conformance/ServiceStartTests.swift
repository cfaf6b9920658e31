import Foundation
import Glibc
import SecretServers
import Secrets
import SecretStores
import ServiceKit
import TestSupport
import Testing

/// A whole service, confined as in production, that gets its secrets from each store.
@Suite("A service and its store", .serialized, .timeLimit(.minutes(3)))
struct ServiceStartTests {
    private static let secrets = ["data-key": [UInt8](repeating: 0x5c, count: 32), "operator-token": Array("operator-token-marker-91c4".utf8)]

    /// Programs are built beside the tests.
    private static var program: String {
        get throws {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let here = [URL(filePath: own).deletingLastPathComponent(), Bundle.main.bundleURL, URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()]
            return try #require(here.map { $0.appending(path: "sandbox-exchange").path }.first(where: FileManager.default.isExecutableFile(atPath:)))
        }
    }

    private func settings(_ setup: StoreSetup) async throws -> ServiceSettings {
        for name in ["data", "run", "log", "tls"] {
            try FileManager.default.createDirectory(
                atPath: setup.folder.path + "/" + name, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        let tls = setup.folder.path + "/tls/https-"
        _ = try await ExternalProgram.output(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=exchange", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", tls + "key.pem", "-out", tls + "cert.pem",
            ])
        return ServiceSettings(
            environment: "development", service: setup.owner, stateDirectory: setup.folder.path, listen: Endpoint(host: "127.0.0.1", port: try FreePort.next()),
            health: Endpoint(host: "127.0.0.1", port: try FreePort.next()), secrets: setup.settings, options: ["seed": 1])
    }

    /// - Returns: a shell's words that start the service with its environment.
    private func command(_ setup: StoreSetup, _ path: String) throws -> [String] {
        let variables = setup.environment.map { "\($0)='\($1)'" }.sorted().joined(separator: " ")
        return ["-c", "echo $$; \(variables) SWIFT_BACKTRACE=enable=no exec \"$0\" --settings \"$1\" >&2", try Self.program, path]
    }

    private func untilHealthy(_ path: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if try await ProgramRun.of(try Self.program, ["health", "--settings", path]).succeeded { return }
        }
        Issue.record("not healthy in time")
    }

    @Test("It starts confined, serves with its secrets, and shows none in its environment", arguments: StoreUnderTest.available)
    func starts(_ driver: StoreUnderTest) async throws {
        try await driver.with(seeded: Self.secrets, owner: "sandbox-exchange") { setup in
            var settings = try await settings(setup)
            // The service's folder of secrets, when that is what it uses.
            if driver == .files { settings.secrets.files = .init(folder: setup.folder.path) }
            if driver == .sealed { settings.secrets.sealed?.path = setup.folder.path + "/sandbox-exchange.sealed" }
            if driver != .env {
                let store = try setup.open()
                for (name, value) in Self.secrets { try await store.put(SecretBytes(copying: value), as: name, at: .current) }
            }
            let path = setup.folder.path + "/settings.json"
            try settings.write(to: path)
            let address = "https://127.0.0.1:\(settings.listen.port)"
            try await RunningProgram.with("sh", try command(setup, path)) { service in
                let pid = try #require(await service.line().flatMap { pid_t($0) })
                defer { kill(pid, SIGTERM) }
                try await untilHealthy(path)
                // The operator's page opens with the token from the store, and with no other.
                for (token, status) in [("operator-token-marker-91c4", "2"), ("another", "4")] {
                    let answer = try await ExternalProgram.output(
                        "curl",
                        [
                            "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", setup.folder.path + "/tls/https-cert.pem", "-H",
                            "X-Sandbox-Operator: \(token)", "\(address)/sandbox/v1/market",
                        ])
                    #expect(answer.hasPrefix(status), "\(token): \(answer)")
                }
                let environment = try ProcessFile.bytes("environ", of: pid)
                for value in setup.environment.values where value != setup.environment["SOFTHSM2_CONF"] && value != setup.environment["AWS_ACCESS_KEY_ID"] {
                    #expect(environment.range(of: Data(value.utf8)) == nil)
                }
            }
        }
    }

    @Test("With the wrong key it does not start, and says which key is needed")
    func wrongKey() async throws {
        try await StoreUnderTest.sealed.with(seeded: [:], owner: "sandbox-exchange") { setup in
            var settings = try await settings(setup)
            settings.secrets.sealed?.path = setup.folder.path + "/sandbox-exchange.sealed"
            try await setup.open().put(SecretBytes(copying: [UInt8](repeating: 1, count: 32)), as: "data-key", at: .current)
            try settings.write(to: setup.folder.path + "/settings.json")
            let run = try await ProgramRun.of(
                try Self.program, ["--settings", setup.folder.path + "/settings.json"],
                environment: ["CP_CONFORMANCE_KEY": String(repeating: "aa", count: 32), "SWIFT_BACKTRACE": "enable=no"])
            #expect(run.exitCode != 0 && run.text.contains("secret data-key of store sealed: is sealed under wrapping key"), "\(run.text)")
            #expect(!run.text.contains(String(repeating: "aa", count: 32)))
        }
    }
}
