import Foundation
import SecretServers
import Secrets
import Testing

@testable import SecretStores

/// Each process has a token of its own with the same label. Failures show as exit codes.
@Suite("PKCS #11: refused PINs and restarts", .serialized, .timeLimit(.minutes(2)), .enabled(if: ExternalProgram.softHSM.isExpected))
struct RefusedPINTests {
    /// Why a signature with this PIN fails; nil when it does not.
    private static func words(pin: String, keptIn folder: String) async throws -> String? {
        try PKCS11Settings.rememberRefusedPINs(in: folder)
        let settings = try await SoftHSM.shared.settings(wrappingKey: "none", pin: pin)
        do {
            _ = try await PKCS11Signer(settings, key: try await SoftHSM.shared.makeKey(.ed25519)).publicKey()
            return nil
        } catch let error as SecretStoreError {
            guard case .denied(let words) = error.cause, !words.replacingOccurrences(of: settings.pinFile, with: "").contains(pin) else { exit(9) }
            return words
        }
    }

    @Test("A PIN that a process was refused, which then was killed, is not tried by the next; another one is, and clears the record")
    func killed() async throws {
        let folder = try TemporaryFolder()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
            guard try await RefusedPINTests.words(pin: "333333", keptIn: path)?.contains("C_Login") == true else { exit(1) }
            kill(getpid(), SIGKILL)
        }
        let record = folder.path + "/refused-pins.json"
        #expect(try !String(contentsOfFile: record, encoding: .utf8).contains("333333"))
        #expect(try FileManager.default.attributesOfItem(atPath: record)[.posixPermissions] as? Int == 0o600)
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            for _ in 0..<2 {
                guard let words = try await RefusedPINTests.words(pin: "333333", keptIn: path), !words.contains("C_Login"),
                    words.contains("refused this PIN before"), words.contains(path)
                else { exit(1) }
            }
        }
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            guard try await RefusedPINTests.words(pin: SoftHSM.pin, keptIn: path) == nil else { exit(1) }
        }
        #expect(try String(contentsOfFile: record, encoding: .utf8) == "{}")
    }

    @Test("A record that cannot be read is said, and what comes after it is kept all the same")
    func unreadable() async throws {
        let folder = try TemporaryFolder()
        let record = folder.path + "/refused-pins.json"
        #expect(FileManager.default.createFile(atPath: record, contents: Data("nonsense".utf8), attributes: [.posixPermissions: 0o600]))
        let pins = RefusedPINs()
        let cause = #expect(throws: SecretStoreError.Cause.self) { try pins.keep(in: folder.path) }
        #expect(kind(cause) == "unusable")
        let settings = PKCS11Settings(module: "/m", token: "t", pinFile: "/p", wrappingKey: "none")
        pins.refused(SecretBytes(copying: Array("444444".utf8)), of: settings)
        let next = RefusedPINs()
        try next.keep(in: folder.path)
        #expect(throws: SecretStoreError.Cause.self) { try next.check(SecretBytes(copying: Array("444444".utf8)), of: settings) }
        try next.check(SecretBytes(copying: Array("555555".utf8)), of: settings)
    }
}
