internal import Foundation
package import Glibc
package import Secrets
package import SecretStores
internal import Synchronization
internal import TestSupport

/// A real OpenBao server with TLS and storage on disk, set up for one service called `execution`. It can be killed and started again.
package final class OpenBao: Sendable {
    package static let prefix = "cryptopulse/development/execution"
    package static let policy = """
        path "secret/data/\(prefix)/*" { capabilities = ["create", "update", "read"] }
        path "secret/metadata/\(prefix)/*" { capabilities = ["create", "update", "read"] }
        path "secret/destroy/\(prefix)/*" { capabilities = ["update"] }
        path "transit/sign/execution" { capabilities = ["update"] }
        path "transit/keys/execution" { capabilities = ["read"] }
        path "transit/keys/development.*" { capabilities = ["create", "update", "read", "delete"] }
        path "other/keys/development.*" { capabilities = ["create", "update", "read", "delete"] }
        path "transit/sign/development.*" { capabilities = ["update"] }
        path "transit/export/*" { capabilities = ["read"] }
        """

    /// Also the service's credentials lie here; the server's own data lies in a folder below.
    package let folder: TemporaryFolder
    package let port: Int
    let program: String
    package var address: String { "https://127.0.0.1:\(port)" }
    package var roots: String { folder.path + "/server.pem" }

    struct Keys: Codable {
        var unseal_keys_b64: [String]
        var root_token: String
    }

    private let running = Mutex<pid_t?>(nil)

    private init() async throws {
        folder = try TemporaryFolder()
        port = try FreePort.next()
        program = try ExternalProgram.bao.path
        for (name, usage) in [("server", "serverAuth"), ("client", "clientAuth")] {
            _ = try await ExternalProgram.output(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=\(name)",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "extendedKeyUsage=\(usage)",
                    "-keyout", "\(folder.path)/\(name)-key.pem", "-out", "\(folder.path)/\(name).pem",
                ])
        }
        try folder.write(
            """
            storage "raft" {
              path = "\(folder.path)/data"
              node_id = "one"
              performance_multiplier = 1
            }
            listener "tcp" {
              address = "127.0.0.1:\(port)"
              tls_cert_file = "\(roots)"
              tls_key_file = "\(folder.path)/server-key.pem"
            }
            api_addr = "\(address)"
            log_level = "error"
            cluster_addr = "https://127.0.0.1:\(try FreePort.next())"
            """, "config.hcl")
        try FileManager.default.createDirectory(atPath: folder.path + "/data", withIntermediateDirectories: false)
    }

    /// Makes a server with everything that `execution` needs, and runs it while `body` runs.
    package static func with(_ body: @Sendable (OpenBao) async throws -> Void) async throws {
        let bao = try await OpenBao()
        try await bao.serve { _ in
            try await bao.setUp()
            try await body(bao)
        }
    }

    /// Runs the server, unsealed, while `body` runs.
    ///
    /// - Parameter body: is given the server's process id.
    package func serve(_ body: @Sendable (pid_t) async throws -> Void) async throws {
        let command = ["-c", "echo $$; exec \"$0\" server -config=\"$1\"", program, folder.path + "/config.hcl"]
        try await RunningProgram.with("sh", command) { [self] server in
            guard let first = await server.line(), let pid = pid_t(first) else { throw NotStarted() }
            // The process ends with `body`: it does not look at its standard input.
            defer { if running.withLock({ $0 == pid }) { kill(pid, SIGKILL) } }
            while let line = await server.line(), !line.contains("server started") {}
            running.withLock { $0 = pid }
            try await unseal()
            try await body(pid)
        }
    }

    package struct NotStarted: Error {
        package init() {}
    }

    /// Ends the server as a power failure would.
    package func killServer() {
        running.withLock { pid in
            if let pid { kill(pid, SIGKILL) }
            pid = nil
        }
    }

    // MARK: - Its own command line

    /// Runs `bao` as the operator, or as whoever has the token.
    @discardableResult
    package func run(_ arguments: String..., input: String = "", token: String? = nil, allowingFailure: Bool = false) async throws -> String {
        var environment = ["BAO_ADDR": address, "BAO_CACERT": roots]
        environment["BAO_TOKEN"] = token ?? (try? keys().root_token)
        let output = try await ExternalProgram.output(
            program, arguments, input: Array(input.utf8), environment: environment, allowingFailure: allowingFailure)
        return output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func keys() throws -> Keys {
        try JSONDecoder().decode(Keys.self, from: Data(contentsOf: URL(filePath: folder.path + "/keys.json")))
    }

    private func unseal() async throws {
        if (try? keys()) == nil {
            try folder.write(try await run("operator", "init", "-key-shares=1", "-key-threshold=1", "-format=json"), "keys.json")
        }
        for key in try keys().unseal_keys_b64 { try await run("operator", "unseal", key) }
    }

    private func setUp() async throws {
        try await run("secrets", "enable", "-path=secret", "kv-v2")
        try await run("policy", "write", "execution", "-", input: Self.policy)
        try await run("auth", "enable", "approle")
        try await run("write", "auth/approle/role/execution", "token_policies=execution", "token_ttl=60s", "token_max_ttl=1h")
        try folder.write(try await run("write", "-field=secret_id", "-f", "auth/approle/role/execution/secret-id"), "secret-id")
        try folder.write(try await run("read", "-field=role_id", "auth/approle/role/execution/role-id"), "role-id")
    }

    // MARK: - What a service is configured with

    package var roleID: String { (try? String(contentsOfFile: folder.path + "/role-id", encoding: .utf8)) ?? "" }

    package func settings(_ login: VaultSettings.Login) -> VaultSettings {
        VaultSettings(address: address, rootsPath: roots, prefix: Self.prefix, login: login)
    }

    /// Sets up another service with secrets and a role of its own.
    package func add(_ service: String, cache: CachePolicy) async throws -> SecretStoreSettings {
        let prefix = "cryptopulse/development/\(service)"
        let paths = ["data", "metadata", "destroy"].map { "path \"secret/\($0)/\(prefix)/*\" { capabilities = [\"create\", \"update\", \"read\"] }" }
        try await run("policy", "write", service, "-", input: paths.joined(separator: "\n"))
        try await run("write", "auth/approle/role/\(service)", "token_policies=\(service)", "token_ttl=60s", "token_max_ttl=1h")
        try folder.write(try await run("write", "-field=secret_id", "-f", "auth/approle/role/\(service)/secret-id"), service)
        let role = VaultSettings.AppRole(
            role: service, roleID: try await run("read", "-field=role_id", "auth/approle/role/\(service)/role-id"),
            secretIDFile: "\(folder.path)/\(service)")
        return SecretStoreSettings(
            driver: .vault, vault: VaultSettings(address: address, rootsPath: roots, prefix: prefix, login: .appRole(role)), cache: cache)
    }

    /// Keys in its transit engine, which must be enabled.
    package var remoteKeys: RemoteKeySettings {
        RemoteKeySettings(
            environment: "development",
            transit: .init(
                address: address, rootsPath: roots, login: .appRole(.init(role: "execution", roleID: roleID, secretIDFile: folder.path + "/secret-id"))))
    }

    /// The names of the keys in its transit engine.
    package func transitKeys() async throws -> [String] {
        // It answers 404 when there is none, which its command line calls a failure.
        let listed = try await run("list", "-format=json", "transit/keys", allowingFailure: true)
        return (try? JSONDecoder().decode([String].self, from: Data(listed.utf8))) ?? []
    }

    package var appRole: VaultSettings {
        settings(.appRole(.init(role: "execution", roleID: roleID, secretIDFile: folder.path + "/secret-id")))
    }
}
