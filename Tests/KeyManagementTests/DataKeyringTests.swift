import AuditClient
import Cryptography
import Foundation
@testable import KeyManagement
import Logging
import MeshCall
import Secrets
import Storage
import Testing

@Suite("Data keys and the store of the key that wraps them", .timeLimit(.minutes(1)))
struct DataKeyringTests {
    private static let address = ColumnAddress(table: "t", column: "c", row: "1")

    /// A service's data keys over a real folder of secrets and a real database.
    private final class Fixture {
        let folder = NSTemporaryDirectory() + "data-keyring-" + UUID().uuidString
        let files: FileSecretStore
        let store: CutStore
        let data: DataKeyring
        let wrapping: StoredKeyring

        init(longestSilence: Duration) async throws {
            try FileManager.default.createDirectory(
                atPath: folder + "/secrets", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            files = FileSecretStore(folder: folder + "/secrets")
            try await files.put(KeyringFixture.value(1), as: DataKeyring.secret, at: .current)
            store = CutStore(files)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let schema = DatabaseSchema(migrations: [AuditOutbox.migration, KeyHistoryTable.migration, DataKeyTable.migration])
            let database = try ServiceDatabase(folder: folder + "/data", name: "keys", schema: schema, logger: logger)
            (data, wrapping) = try await DataKeyring.open(
                [DataKeyring.columns],
                in: KeyringPlace(store: store, database: database, outbox: AuditOutbox(source: "test"), longestSilence: longestSilence, logger: logger))
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }
    }

    private func reason(_ body: () throws -> Void) -> (reason: String?, cause: String) {
        do {
            try body()
            return (nil, "")
        } catch {
            let failure = error as? RPCError
            return (failure?.reason, "\(failure?.cause ?? error)")
        }
    }

    @Test("While the store is silent for less than its values may be used, what is sealed opens")
    func shortSilence() async throws {
        let fixture = try await Fixture(longestSilence: .seconds(3600))
        let cipher = try fixture.data.cipher(DataKeyring.columns)
        let sealed = try cipher.seal([7], at: Self.address)
        fixture.store.set(cut: true)
        await #expect(throws: SecretStoreError.self) { try await fixture.wrapping.lookAgain() }
        #expect(try cipher.open(sealed, at: Self.address) == [7])
    }

    @Test("Silent for longer, nothing opens, the error names store, secret and cause, and all is well again with the store")
    func longSilence() async throws {
        let fixture = try await Fixture(longestSilence: .zero)
        let (cipher, key) = (try fixture.data.cipher(DataKeyring.columns), try fixture.data.key(DataKeyring.columns))
        let sealed = try cipher.seal([7], at: Self.address)
        fixture.store.set(cut: true)
        await #expect(throws: SecretStoreError.self) { try await fixture.wrapping.lookAgain() }
        for body in [{ _ = try cipher.open(sealed, at: Self.address) }, { _ = try cipher.seal([7], at: Self.address) }, { _ = try key.key() }] {
            let found = reason(body)
            #expect(found.reason == "DATA_KEYS_UNAVAILABLE")
            #expect(found.cause.contains("cut off") && found.cause.contains("secret key of store files"), "\(found.cause)")
        }
        fixture.store.set(cut: false)
        try await fixture.wrapping.lookAgain()
        #expect(try cipher.open(sealed, at: Self.address) == [7])
    }

    @Test("The key that wraps data is not revoked while the store cannot give another: what it wraps would be lost")
    func revokedInSilence() async throws {
        let fixture = try await Fixture(longestSilence: .seconds(3600))
        let cipher = try fixture.data.cipher(DataKeyring.columns)
        let sealed = try cipher.seal([7], at: Self.address)
        fixture.store.set(cut: true)
        let change = KeyChange(actor: .operator, reason: "test")
        await #expect(throws: SecretStoreError.self) { try await fixture.wrapping.revoke(KeyringFixture.id(1), change) }
        fixture.store.set(cut: false)
        _ = try await fixture.wrapping.revoke(KeyringFixture.id(1), change)
        #expect(try cipher.open(sealed, at: Self.address) == [7])
        #expect(try await fixture.files.secret(named: DataKeyring.secret) != KeyringFixture.value(1))
    }
}
