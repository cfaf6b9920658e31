import Crypto
import Cryptography
import FoundationEssentials
import GRDB
import KeyManagement
import Secrets
import Storage
import Testing

@testable import SandboxExchange

/// What seals the secrets of API keys, and the key around it that an operator replaces.
@Suite("The exchange's own data key")
struct DataKeyTests {
    private static let payload = "symbol=BTCUSDT&timestamp=1"

    private static func value(_ byte: UInt8) -> SecretBytes { SecretBytes(copying: [UInt8](repeating: byte, count: 32)) }

    private func wrappedBy(_ database: ServiceDatabase) async throws -> [String] {
        try await database.readAll { try String.fetchAll($0, sql: "SELECT wrapped_by FROM data_keys") }
    }

    private func isTaken(_ key: APIKey, signedWith material: String, by vault: KeyVault) throws -> Bool {
        let mac = HMAC<SHA256>.authenticationCode(for: Data(Self.payload.utf8), using: SymmetricKey(data: Data(material.utf8)))
        return try vault.isValid(Hex.encode(Array(mac)), of: Self.payload, by: key)
    }

    @Test("Keys of a release that sealed with it directly go on being taken, and so do all while another takes its place, without a restart")
    func replaced() async throws {
        try await withFormer { exchange, store, old, place in
            let account = old.account
            let (data, wrapping) = try await SandboxExchange.openDataKeys(in: place, schedule: KeySchedule())
            let vault = KeyVault(cipher: try data.cipher(DataKeyring.columns))
            #expect(try isTaken(old, signedWith: "what signs for the old", by: vault))
            #expect(try await wrappedBy(exchange.database) == [StoredKey.fingerprint(of: Self.value(1))])
            try await store.put(Self.value(2), as: "data-key", at: .current)
            try await wrapping.lookAgain()
            #expect(try await wrappedBy(exchange.database) == [StoredKey.fingerprint(of: Self.value(2))])
            let new = try vault.register(hmac: "what signs for the new", account: account, rights: APIKey.Rights(), label: "new")
            // As the next process opens it.
            let (again, _) = try await SandboxExchange.openDataKeys(in: place, schedule: KeySchedule())
            for vault in [vault, KeyVault(cipher: try again.cipher(DataKeyring.columns))] {
                #expect(try isTaken(old, signedWith: "what signs for the old", by: vault) && isTaken(new, signedWith: "what signs for the new", by: vault))
                #expect(try !isTaken(new, signedWith: "what signs for the old", by: vault))
            }
        }
    }

    @Test("Where another key takes its place before a release that wraps has ever started, what the one before sealed is opened all the same")
    func replacedBefore() async throws {
        try await withFormer { _, store, old, place in
            try await store.put(Self.value(2), as: "data-key", at: .current)
            let (data, _) = try await SandboxExchange.openDataKeys(in: place, schedule: KeySchedule())
            #expect(try isTaken(old, signedWith: "what signs for the old", by: KeyVault(cipher: try data.cipher(DataKeyring.columns))))
        }
    }

    /// A sandbox of a release that sealed with the key itself, and the API key that it has.
    private func withFormer(_ body: @escaping (SandboxExchange, FileSecretStore, APIKey, KeyringPlace) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let store = FileSecretStore(folder: folder + "/secrets")
            try FileManager.default.createDirectory(
                atPath: folder + "/secrets", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try await store.put(Self.value(1), as: "data-key", at: .current)
            let exchange = try await RunningSandbox.open(
                SandboxConfiguration(), folder: folder + "/data", cipher: ColumnCipher(rootKey: Self.value(1).symmetricKey))
            let account = try await exchange.transact { try $0.transaction.addAccount(Wallet(), at: 0) }
            let old = try exchange.vault.register(hmac: "what signs for the old", account: account, rights: APIKey.Rights(), label: "old")
            try await exchange.transact { try $0.transaction.add(old, at: 0) }
            let place = KeyringPlace(
                store: store, database: exchange.database, service: "sandbox-exchange", tell: { _, _ in }, logger: RunningSandbox.quiet)
            try await body(exchange, store, old, place)
            try exchange.database.close()
        }
    }
}
