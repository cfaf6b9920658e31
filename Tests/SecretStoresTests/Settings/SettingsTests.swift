import Foundation
import Glibc
import SecretServers
import Secrets
@testable import SecretStores
import Testing

@Suite("Settings of secret stores", .serialized)
struct SettingsTests {
    private func decode(_ json: String) throws -> SecretStoreSettings {
        try JSONDecoder().decode(SecretStoreSettings.self, from: Data(json.utf8))
    }

    @Test("What is written for operators is what is read")
    func examples() throws {
        let sealed = try decode(#"{"driver": "sealed", "sealed": {"key": {"passphraseFile": "/run/keys/passphrase"}}}"#)
        #expect(sealed.sealed?.key.passphraseFile == "/run/keys/passphrase" && sealed.readable == ["/run/keys"] && sealed.addresses.isEmpty)
        let files = try decode(#"{"driver": "files", "files": {"folder": "/run/secrets", "trust": "container-mount"}}"#)
        #expect(files.files?.trust == .containerMount && files.readable == ["/run/secrets"])
        let vault = try decode(
            #"""
            {"driver": "vault", "cache": {"maximumAgeSeconds": 30, "staleSeconds": 300},
             "vault": {"address": "https://vault.internal:8200", "rootsPath": "/etc/cryptopulse/vault.pem", "prefix": "cryptopulse/production/execution",
                       "login": {"appRole": {"role": "execution", "roleID": "abc", "wrappedSecretIDFile": "/state/run/wrapped"}}}}
            """#)
        #expect(vault.addresses == [.init(host: "vault.internal", port: 8200)])
        #expect(Set(vault.readable) == ["/etc/cryptopulse/vault.pem", "/state/run"])
        let aws = try decode(
            #"{"driver": "aws", "aws": {"region": "eu-central-1", "prefix": "cryptopulse/production/execution", "credentials": "instance"}}"#)
        #expect(
            aws.addresses == [
                .init(host: "secretsmanager.eu-central-1.amazonaws.com", port: 443), .init(host: "169.254.169.254", port: 80),
            ])
        let device = try decode(
            #"{"driver": "pkcs11", "pkcs11": {"module": "/opt/hsm/module.so", "token": "t", "pinFile": "/run/pin/pin", "wrappingKey": "w"}}"#)
        #expect(device.readable == ["/opt/hsm", "/run/pin"])
    }

    @Test("Plain http goes to this machine only", arguments: ["http://vault.internal:8200", "http://10.0.0.1", "http://127.0.0.1.example.com"])
    func plainText(address: String) {
        let settings = VaultSettings(
            address: address, prefix: "development/a", login: .appRole(.init(role: "execution", roleID: "r", secretIDFile: "/nowhere")))
        #expect(throws: SecretStoreError.self) {
            try SecretStoreSettings(driver: .vault, vault: settings).open(folder: "/nowhere", owner: "a", environment: "development")
        }
    }

    @Test("Addresses are hosts and ports and nothing else", arguments: ["https://a/path", "https://user@a", "ftp://a", "a:8200", "https://", "https://a:99999"])
    func addresses(text: String) {
        #expect(throws: SecretStoreError.Cause.self) { try StoreAddress(text) }
    }

    @Test("Paths cannot leave their prefix", arguments: ["", "/a", "a/", "a//b", "../a", "a/./b", "a?b", "a%2f", "a b"])
    func paths(text: String) {
        #expect(throws: SecretStoreError.Cause.self) { try StorePath.checked(text, "prefix") }
    }

    @Test("A driver without its part, and a sealed file without exactly one key, are refused")
    func incomplete() {
        for driver in [SecretStoreSettings.Driver.sealed, .vault, .aws, .pkcs11] {
            #expect(throws: SecretStoreError.self) { try SecretStoreSettings(driver: driver).open(folder: "/nowhere", owner: "a", environment: "development") }
        }
        for key in [SealedSettings.Key(), SealedSettings.Key(keyFile: "/a", keyVariable: "B")] {
            #expect(throws: SecretStoreError.self) {
                try SecretStoreSettings(driver: .sealed, sealed: SealedSettings(key: key)).open(folder: "/nowhere", owner: "a", environment: "development")
            }
        }
    }

    @Test("A sealing key in the environment is taken out of it", arguments: [true, false])
    func keyVariable(isPassphrase: Bool) async throws {
        let folder = try TemporaryFolder()
        setenv("CP_SEALING_KEY", isPassphrase ? "correct horse battery staple" : String(repeating: "a5", count: 32), 1)
        let key = isPassphrase ? SealedSettings.Key(passphraseVariable: "CP_SEALING_KEY") : SealedSettings.Key(keyVariable: "CP_SEALING_KEY")
        let store = try SecretStoreSettings(driver: .sealed, sealed: SealedSettings(key: key)).open(folder: folder.path, owner: "a", environment: "development")
        #expect(getenv("CP_SEALING_KEY") == nil)
        try await store.put(SecretBytes(copying: [1]), as: "data-key", at: .current)
        #expect(try await store.secret(named: "data-key") == SecretBytes(copying: [1]))
    }
}
