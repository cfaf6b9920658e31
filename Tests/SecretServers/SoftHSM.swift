internal import Foundation
internal import Glibc
package import SecretStores

/// SoftHSM with one token. The module is loaded once a process and reads its configuration then, so that all tests share the token and
/// each makes keys of its own.
package actor SoftHSM {
    package static let shared = SoftHSM()
    package static let pin = "648219"

    private var made: Task<String, any Error>?
    private var count = 0

    package enum Key: String {
        case ed25519 = "EC:edwards25519"
        case p256 = "EC:prime256v1"
        case aes256 = "AES:32"
    }

    /// Settings of the token, with a new wrapping key.
    package func settings(path: String) async throws -> PKCS11Settings {
        try await settings(wrappingKey: try await makeKey(.aes256), path: path)
    }

    package func settings(wrappingKey: String, path: String? = nil, pin: String = pin) async throws -> PKCS11Settings {
        let folder = try await folder()
        let pinFile = "\(folder)/pin-\(pin)"
        _ = FileManager.default.createFile(atPath: pinFile, contents: Data(pin.utf8), attributes: [.posixPermissions: 0o600])
        return PKCS11Settings(
            module: try ExternalProgram.softHSM.path, token: "cryptopulse", pinFile: pinFile, wrappingKey: wrappingKey, path: path,
            readable: [folder + "/softhsm2.conf"], writable: [folder + "/tokens"])
    }

    /// For keys that are made in it.
    package func remoteKeys() async throws -> RemoteKeySettings {
        let settings = try await settings(wrappingKey: "none")
        return RemoteKeySettings(
            environment: "development",
            pkcs11: .init(
                module: settings.module, token: settings.token, pinFile: settings.pinFile, readable: settings.readable, writable: settings.writable))
    }

    /// - Returns: the key's label.
    ///
    /// - Parameter isExtractable: the device would give it away.
    package func makeKey(_ kind: Key, isExtractable: Bool = false) async throws -> String {
        let folder = try await folder()
        count += 1
        let (label, id) = ("key-\(count)", String(1000 + count))
        let generate = kind == .aes256 ? "--keygen" : "--keypairgen"
        _ = try await ExternalProgram.output(
            "pkcs11-tool",
            [
                "--module", try ExternalProgram.softHSM.path, "--token-label", "cryptopulse", "--login", "--pin", Self.pin, generate,
                "--key-type", kind.rawValue, "--label", label, "--id", id,
            ] + (kind == .aes256 ? [isExtractable ? "--extractable" : "--sensitive"] : []), environment: ["SOFTHSM2_CONF": folder + "/softhsm2.conf"])
        return label
    }

    /// What pkcs11-tool says of a private key.
    package func listing(of label: String) async throws -> String {
        let folder = try await folder()
        return try await ExternalProgram.output(
            "pkcs11-tool",
            [
                "--module", try ExternalProgram.softHSM.path, "--token-label", "cryptopulse", "--login", "--pin", Self.pin, "--list-objects",
                "--type", "privkey", "--label", label,
            ], environment: ["SOFTHSM2_CONF": folder + "/softhsm2.conf"])
    }

    private func folder() async throws -> String {
        if let made { return try await made.value }
        let task = Task { try await Self.make() }
        made = task
        return try await task.value
    }

    private static func make() async throws -> String {
        let folder = NSTemporaryDirectory() + "softhsm-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder + "/tokens", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        removed = folder
        atexit { removed.map { try? FileManager.default.removeItem(atPath: $0) } }
        let configuration = folder + "/softhsm2.conf"
        try Data("directories.tokendir = \(folder)/tokens\nobjectstore.backend = file\nlog.level = ERROR\n".utf8)
            .write(to: URL(filePath: configuration))
        setenv("SOFTHSM2_CONF", configuration, 1)
        _ = try await ExternalProgram.output(
            "softhsm2-util", ["--init-token", "--free", "--label", "cryptopulse", "--so-pin", "591037", "--pin", pin])
        return folder
    }
}

/// Set once, before the process ends.
nonisolated(unsafe) private var removed: String?
