import Crypto
import Exchange
import Foundation
import SecretServers
import Secrets
import SecretStores
import Testing

@Suite("PKCS #11", .serialized, .timeLimit(.minutes(2)), .enabled(if: ExternalProgram.softHSM.isExpected, "set CRYPTOPULSE_SOFTHSM to libsofthsm2.so"))
struct PKCS11Tests {
    private let message = Array("symbol=BTCUSDT&side=BUY".utf8)

    @Test("Ed25519 keys of the device sign exchange requests")
    func ed25519() async throws {
        let signer = PKCS11Signer(try await SoftHSM.shared.settings(wrappingKey: "none"), key: try await SoftHSM.shared.makeKey(.ed25519))
        let key = try Curve25519.Signing.PublicKey(rawRepresentation: try await signer.publicKey())
        let signature = try await RemoteRequestSigner(signer.signature).signature(of: message)
        #expect(key.isValidSignature(try #require(Data(base64Encoded: signature)), for: message))
        #expect(!key.isValidSignature(try #require(Data(base64Encoded: signature)), for: message + [0]))
    }

    @Test("P-256 keys of the device sign over SHA-256")
    func p256() async throws {
        let signer = PKCS11Signer(try await SoftHSM.shared.settings(wrappingKey: "none"), key: try await SoftHSM.shared.makeKey(.p256))
        let key = try P256.Signing.PublicKey(x963Representation: try await signer.publicKey())
        let signature = try P256.Signing.ECDSASignature(rawRepresentation: try await signer.signature(of: message))
        #expect(key.isValidSignature(signature, for: message) && !key.isValidSignature(signature, for: message + [0]))
    }

    @Test("A sealed file opens with its own wrapping key only, and neither its key nor its values are in it")
    func wrapping() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/execution.sealed"
        let settings = try await SoftHSM.shared.settings(path: path)
        func store(_ settings: PKCS11Settings) throws -> any SecretStore {
            try SecretStoreSettings(driver: .pkcs11, pkcs11: settings).open(folder: folder.path, owner: "execution", environment: "development")
        }
        try await store(settings).put(SecretBytes(copying: message), as: "data-key", at: .current)
        #expect(try await store(settings).secret(named: "data-key") == SecretBytes(copying: message))
        let file = try Data(contentsOf: URL(filePath: path))
        #expect(file.range(of: Data(message)) == nil && file.range(of: Data(Data(message).base64EncodedString().utf8)) == nil)
        let other = try await SoftHSM.shared.settings(path: path)
        #expect(kind(await cause { try await store(other).secret(named: "data-key") }) == "wrongKey")
    }

    @Test("A wrapping key that could be taken out of its device wraps nothing, and the error says what to make instead")
    func extractable() async throws {
        let folder = try TemporaryFolder()
        let settings = try await SoftHSM.shared.settings(wrappingKey: try await SoftHSM.shared.makeKey(.aes256, isExtractable: true))
        let store = SealedSecretStore(
            path: folder.path + "/execution.sealed", owner: "execution", environment: "development", key: PKCS11WrappingKey(settings), kind: "pkcs11")
        let refused = await cause { try await store.put(SecretBytes(copying: [1]), as: "data-key", at: .current) }
        #expect(refused.map { "\($0)" }?.contains("not extractable") == true, "\(String(describing: refused))")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/execution.sealed"))
    }

    @Test("A key that is not there, a wrong PIN and a module that is none are told apart")
    func failures() async throws {
        let settings = try await SoftHSM.shared.settings(wrappingKey: "none")
        #expect(await cause { try await PKCS11Signer(settings, key: "missing").signature(of: message) } == .notFound)
        var module = settings
        module.module = "/usr/lib/no-such-module.so"
        #expect(kind(await cause { try await PKCS11Signer(module, key: "missing").signature(of: message) }) == "unusable")
        var token = settings
        token.token = "another"
        #expect(kind(await cause { try await PKCS11Signer(token, key: "missing").signature(of: message) }) == "unavailable")
        await #expect(processExitsWith: .success) {
            // In a process of its own: a login holds for all of it.
            let wrong = try await SoftHSM.shared.settings(wrappingKey: "none", pin: "111111")
            do {
                _ = try await PKCS11Signer(wrong, key: "missing").publicKey()
                exit(1)
            } catch let error as SecretStoreError {
                guard case .denied = error.cause, !"\(error)".contains("111111") else { exit(2) }
            }
        }
    }

    @Test("A wrong PIN is tried once, by whoever asks, until the PIN file has another; then the key is there")
    func wrongPINOnce() async throws {
        await #expect(processExitsWith: .success) {
            // In a process of its own: a login holds for all of it. Failures show as exit codes.
            var settings = try await SoftHSM.shared.settings(wrappingKey: "none")
            let right = try Data(contentsOf: URL(filePath: settings.pinFile))
            let label = try await SoftHSM.shared.makeKey(.ed25519)
            settings.pinFile += "-changing"
            guard FileManager.default.createFile(atPath: settings.pinFile, contents: Data("222222".utf8), attributes: [.posixPermissions: 0o600])
            else { exit(7) }
            func words() async throws -> String {
                do {
                    _ = try await PKCS11Signer(settings, key: label).publicKey()
                    exit(1)
                } catch let error as SecretStoreError {
                    guard case .denied(let words) = error.cause, !words.contains("222222") else { exit(2) }
                    return words
                }
            }
            guard try await words().contains("C_Login") else { exit(3) }
            for _ in 0..<3 {
                let again = try await words()
                guard !again.contains("C_Login"), again.contains(settings.pinFile), again.contains("cryptopulse") else { exit(4) }
            }
            // Written anew with the same PIN it is the same PIN.
            try Data("222222\n".utf8).write(to: URL(filePath: settings.pinFile))
            guard try await !words().contains("C_Login") else { exit(5) }
            try right.write(to: URL(filePath: settings.pinFile))
            guard try await PKCS11Signer(settings, key: label).publicKey().count == 32 else { exit(6) }
        }
    }

    @Test("A pair made in the device signs, cannot be taken out, is made once, and signs no more once it is destroyed")
    func pairs() async throws {
        let keys = PKCS11Keys(try await SoftHSM.shared.settings(wrappingKey: "none"))
        let name = try RemoteKeyName(environment: "development", purpose: "trade", user: UUID().uuidString, id: "k1")
        let signer = try await keys.make(name)
        let key = try Curve25519.Signing.PublicKey(rawRepresentation: try await signer.publicKey())
        let signature = try await RemoteRequestSigner(keys.signer(name).signature).signature(of: message)
        #expect(key.isValidSignature(try #require(Data(base64Encoded: signature)), for: message))
        // What the device says of it to a tool of others.
        let shown = try await SoftHSM.shared.listing(of: "\(name)")
        #expect(shown.contains("sensitive") && shown.contains("never extractable") && shown.contains("local"), "\(shown)")
        #expect(kind(await cause { try await keys.make(name) }) == "conflict")
        try await keys.destroy(name)
        #expect(await cause { try await signer.signature(of: message) } == .notFound)
        try await keys.destroy(name)
    }
}
