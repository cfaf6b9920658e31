@testable import KeyManagement
import GRDB
import MeshCall
import Secrets
import Storage
import Testing

@Suite("Keys in a secret store", .timeLimit(.minutes(1)))
struct StoredKeyringTests {
    private func reason(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? RPCError)?.reason ?? "\(error)"
        }
    }

    @Test("What an operator changes in the store is taken up without a restart: the next key beside, then in use, the last one put away")
    func byHand() async throws {
        let fixture = try await KeyringFixture()
        try await fixture.files.put(KeyringFixture.value(2), as: "key", at: .pending)
        try await fixture.follow { $0 == [.active: KeyringFixture.id(1), .pending: KeyringFixture.id(2)] }
        // Nobody but the one who put it there puts it to use.
        fixture.advance(by: 1_000_000)
        let pending = try #require(try await fixture.files.versions(of: "key").first { $0.stages == [.pending] })
        try await fixture.files.move(.current, of: "key", to: pending.id)
        try await fixture.follow { $0 == [.active: KeyringFixture.id(2), .retiring: KeyringFixture.id(1)] }
        fixture.advance(by: 60)
        try await fixture.follow { $0 == [.active: KeyringFixture.id(2)] }
        #expect(try await fixture.files.versions(of: "key").count == 1)
    }

    @Test("A service that can do without starts with none, takes up what is put there, and has none again once that is revoked, until the next")
    func optional() async throws {
        let fixture = try await KeyringFixture(isOptional: true)
        #expect(fixture.applied.isEmpty)
        #expect(await reason { _ = try await fixture.keyring.rotate(nil, fixture.change) } == "MADE_ELSEWHERE")
        try await fixture.files.put(KeyringFixture.value(1), as: "key", at: .current)
        // Without waiting for the next look, as whoever was refused with the key before does.
        try await fixture.keyring.lookAgain()
        #expect(fixture.applied == [.active: KeyringFixture.id(1)])
        // Only its maker can make another: it is asked for, and stays in use.
        #expect(try await fixture.keyring.rotate(nil, fixture.change).key.rotationRequested == "test")
        #expect(fixture.applied == [.active: KeyringFixture.id(1)])
        #expect(try await fixture.database.readAll { db in try String.fetchOne(db, sql: "SELECT reason FROM key_requests") } == "test")
        try await fixture.files.put(KeyringFixture.value(2), as: "key", at: .current)
        try await fixture.follow { $0 == [.active: KeyringFixture.id(2), .retiring: KeyringFixture.id(1)] }
        _ = try await fixture.keyring.revoke(KeyringFixture.id(2), fixture.change)
        #expect(fixture.applied[.active] == nil)
        #expect(try await fixture.files.versions(of: "key").allSatisfy { !$0.stages.contains(.current) || $0.isRevoked })
        try await fixture.files.put(KeyringFixture.value(3), as: "key", at: .current)
        try await fixture.follow { $0 == [.active: KeyringFixture.id(3)] }
        // Revoked by somebody who has put the next there already: that one serves at once.
        try await fixture.files.put(KeyringFixture.value(4), as: "key", at: .current)
        _ = try await fixture.keyring.revoke(KeyringFixture.id(3), fixture.change)
        #expect(fixture.applied == [.active: KeyringFixture.id(4)])
    }

    @Test("A key that was revoked here and that its store could not destroy is not taken up again, the next one is")
    func optionalReadOnly() async throws {
        let fixture = try await KeyringFixture(trust: .containerMount, isOptional: true)
        let operators = FileSecretStore(folder: fixture.folder + "/secrets")
        try await operators.put(KeyringFixture.value(1), as: "key", at: .current)
        try await fixture.keyring.lookAgain()
        _ = try await fixture.keyring.revoke(KeyringFixture.id(1), fixture.change)
        #expect(fixture.applied.isEmpty)
        try await fixture.keyring.lookAgain()
        #expect(fixture.applied.isEmpty)
        try await operators.put(KeyringFixture.value(2), as: "key", at: .current)
        try await fixture.follow { $0 == [.active: KeyringFixture.id(2)] }
    }

    @Test("A store that is silent for longer than its values may be used: the keys are put away, and are back with the store")
    func silence() async throws {
        let fixture = try await KeyringFixture(longestSilence: .milliseconds(300))
        fixture.store.set(cut: true)
        try await fixture.follow { $0.isEmpty }
        fixture.store.set(cut: false)
        try await fixture.follow { $0 == [.active: KeyringFixture.id(1)] }
    }

    @Test("Without a limit a silent store changes nothing; a change asked for meanwhile fails and leaves everything as it was")
    func silenceWithoutLimit() async throws {
        let fixture = try await KeyringFixture()
        fixture.store.set(cut: true)
        #expect(await reason { _ = try await fixture.keyring.rotate(nil, fixture.change) }?.contains("cut off") == true)
        fixture.store.set(cut: false)
        #expect(try await fixture.keyring.records(gone: true, limit: 10).map(\.id) == [KeyringFixture.id(1)])
        #expect(fixture.applied == [.active: KeyringFixture.id(1)])
    }

    @Test("A store that may only be read: the operator is told to put the next key there, and a retired one ends here all the same")
    func readOnly() async throws {
        let fixture = try await KeyringFixture(trust: .containerMount)
        #expect(await reason { _ = try await fixture.keyring.rotate(nil, fixture.change) } == "STORE_READ_ONLY")
        #expect(await reason { _ = try await fixture.keyring.revoke(KeyringFixture.id(1), fixture.change) } == "STORE_READ_ONLY")
        let writer = FileSecretStore(folder: fixture.folder + "/secrets")
        try await writer.put(KeyringFixture.value(2), as: "key", at: .current)
        try await fixture.follow { $0[.retiring] == KeyringFixture.id(1) }
        _ = try await fixture.keyring.revoke(KeyringFixture.id(1), fixture.change)
        #expect(fixture.applied == [.active: KeyringFixture.id(2)])
        // It lies in the mount until the operator removes it, and counts for nothing.
        try await writer.put(KeyringFixture.value(3), as: "key", at: .pending)
        try await fixture.follow { $0 == [.active: KeyringFixture.id(2), .pending: KeyringFixture.id(3)] }
    }

    @Test("Changes at once are made one after the other, and no more wait than are let wait")
    func together() async throws {
        let fixture = try await KeyringFixture()
        let outcomes = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<6 { group.addTask { await reason { _ = try await fixture.keyring.rotate(nil, fixture.change) } } }
            return await group.reduce(into: [String?]()) { $0.append($1) }
        }
        // The store keeps one previous version, which still counts.
        #expect(outcomes.count { $0 == nil } == 1 && outcomes.count { $0 == "LAST_STILL_COUNTS" } == 5)
        let records = try await fixture.keyring.records(gone: true, limit: 10)
        #expect(records.count == 2 && records.count { $0.state == .active } == 1 && records.count { $0.state == .retiring } == 1)
    }

    @Test("Revoking the key in use takes the one that waits, if there is one")
    func revokeWithPending() async throws {
        let fixture = try await KeyringFixture(lead: 1000)
        let next = try await fixture.keyring.rotate(nil, fixture.change).key
        #expect(next.state == .pending)
        _ = try await fixture.keyring.revoke(KeyringFixture.id(1), fixture.change)
        #expect(fixture.applied == [.active: next.id])
        #expect(await reason { _ = try await fixture.keyring.revoke("none", fixture.change) } == "UNKNOWN_KEY")
    }
}
