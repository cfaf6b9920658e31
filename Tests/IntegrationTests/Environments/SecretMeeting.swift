import Foundation
import SecretServers
import Secrets
import SecretStores

/// Secrets of one environment, and a service of another whose settings point at them.
struct SecretMeeting {
    let owner: String
    let host: String

    func sealed(sameKey: Bool) async throws -> String? {
        try await inFolder { folder in
            func settings(_ environment: String) throws -> SecretStoreSettings {
                let key = "\(folder)/key-\(sameKey ? "of-both" : environment)"
                if !FileManager.default.fileExists(atPath: key) {
                    let digits = (0..<32).map { _ in String(format: "%02x", UInt8.random(in: 0...255)) }.joined()
                    try write(digits, to: key)
                }
                return SecretStoreSettings(driver: .sealed, sealed: SealedSettings(path: folder + "/execution.sealed", key: .init(keyFile: key)))
            }
            let theirs = try settings(owner).open(folder: folder, owner: "execution", environment: owner)
            try await theirs.put(SecretBytes(copying: [1, 2, 3]), as: "data-key", at: .current)
            return try await read(try settings(host), folder)
        }
    }

    /// Both have their wrapping keys in the same device.
    func device() async throws -> String? {
        try await inFolder { folder in
            let settings = SecretStoreSettings(driver: .pkcs11, pkcs11: try await SoftHSM.shared.settings(path: folder + "/execution.sealed"))
            let theirs = try settings.open(folder: folder, owner: "execution", environment: owner)
            try await theirs.put(SecretBytes(copying: [1, 2, 3]), as: "data-key", at: .current)
            return try await read(settings, folder)
        }
    }

    func files() async throws -> String? {
        try await inFolder { folder in
            try write("\(owner)\n", to: folder + "/environment")
            try write("a key", to: folder + "/data-key")
            return try await read(SecretStoreSettings(), folder)
        }
    }

    func variables() async throws -> String? {
        setenv("CP_ENVIRONMENTS_ENVIRONMENT", owner, 1)
        setenv("CP_ENVIRONMENTS_DATA_KEY", "a key", 1)
        return try await read(SecretStoreSettings(driver: .env, env: .init(prefix: "CP_ENVIRONMENTS_")), "/nowhere")
    }

    /// Settings that point at another's prefix are refused before anything is asked.
    func vault() -> String? {
        let login = VaultSettings.Login.appRole(.init(role: "execution", roleID: "r", secretIDFile: "/nowhere/secret-id"))
        let vault = VaultSettings(address: "https://127.0.0.1:1", prefix: "cryptopulse/\(owner)/execution", login: login)
        return opening(SecretStoreSettings(driver: .vault, vault: vault))
    }

    func aws() -> String? {
        let aws = AWSSettings(
            region: "eu-central-1", endpoint: "https://127.0.0.1:1", prefix: "cryptopulse/\(owner)/execution", credentials: .instance)
        return opening(SecretStoreSettings(driver: .aws, aws: aws))
    }

    private func opening(_ settings: SecretStoreSettings) -> String? {
        do {
            _ = try settings.open(folder: "/nowhere", owner: "execution", environment: host)
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func read(_ settings: SecretStoreSettings, _ folder: String) async throws -> String? {
        do {
            _ = try await settings.open(folder: folder, owner: "execution", environment: host).secret(named: "data-key")
            return nil
        } catch let error as SecretStoreError {
            return "\(error)"
        }
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        chmod(path, 0o600)
    }

    private func inFolder(_ body: (String) async throws -> String?) async throws -> String? {
        let folder = FileManager.default.temporaryDirectory.path + "/environments-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(folder)
    }
}
