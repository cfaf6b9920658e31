import KeyManagement
import Secrets
import Testing

/// What can be done, and what is made up for, while the secret store does not answer.
@Suite("Revocation while the secret store is silent", .timeLimit(.minutes(1)))
struct SilentStoreTests {
    @Test("The key in use is revoked at once; another is made, and the revoked one destroyed, when the store answers again")
    func active() async throws {
        let fixture = try await KeyringFixture()
        fixture.store.set(cut: true)
        let outcome = try await fixture.keyring.revoke(KeyringFixture.id(1), fixture.change)
        #expect(outcome.key.state == .gone && fixture.applied.isEmpty)
        #expect(outcome.notes.contains { $0.contains("cut off") }, "\(outcome.notes)")
        fixture.store.set(cut: false)
        try await fixture.follow { $0[.active] != nil }
        #expect(fixture.applied[.active] != KeyringFixture.id(1) && fixture.applied[.retiring] == nil)
        try await expectDestroyed(KeyringFixture.value(1), in: fixture)
    }

    @Test("A store that answers and takes nothing: the revoked key is gone at once, and another serves as soon as the store takes one")
    func takesNothing() async throws {
        let fixture = try await KeyringFixture()
        fixture.store.set(takesNothing: true)
        let outcome = try await fixture.keyring.revoke(KeyringFixture.id(1), fixture.change)
        #expect(outcome.key.state == .gone && fixture.applied.isEmpty)
        for _ in 0..<3 { await #expect(throws: SecretStoreError.self) { try await fixture.keyring.lookAgain() } }
        #expect(fixture.applied.isEmpty)
        fixture.store.set(takesNothing: false)
        try await fixture.keyring.lookAgain()
        #expect(fixture.applied[.active] != nil && fixture.applied[.active] != KeyringFixture.id(1))
        try await expectDestroyed(KeyringFixture.value(1), in: fixture)
    }

    @Test("Where nothing at all is left in the store of a revoked key, another is made")
    func nothingLeft() async throws {
        let fixture = try await KeyringFixture()
        fixture.store.set(cut: true)
        _ = try await fixture.keyring.revoke(KeyringFixture.id(1), fixture.change)
        for version in try await fixture.files.versions(of: "key") { try await fixture.files.revoke(version.id, of: "key") }
        fixture.store.set(cut: false)
        try await fixture.keyring.lookAgain()
        #expect(fixture.applied[.active] != nil && fixture.applied[.active] != KeyringFixture.id(1))
    }

    @Test("The next key, where one waits, takes the place of one that was revoked in silence")
    func pending() async throws {
        let fixture = try await KeyringFixture(lead: 1000)
        try await fixture.files.put(KeyringFixture.value(2), as: "key", at: .pending)
        try await fixture.follow { $0[.pending] == KeyringFixture.id(2) }
        fixture.store.set(cut: true)
        _ = try await fixture.keyring.revoke(KeyringFixture.id(1), fixture.change)
        #expect(fixture.applied[.active] == nil)
        fixture.store.set(cut: false)
        try await fixture.keyring.lookAgain()
        #expect(fixture.applied[.active] == KeyringFixture.id(2))
        try await expectDestroyed(KeyringFixture.value(1), in: fixture)
    }

    @Test("A process that ends before the store answers does not bring the revoked key back")
    func restarted() async throws {
        let fixture = try await KeyringFixture()
        fixture.store.set(cut: true)
        _ = try await fixture.keyring.revoke(KeyringFixture.id(1), fixture.change)
        fixture.store.set(cut: false)
        let next = fixture.another()
        try await next.start()
        #expect(fixture.applied[.active] != nil && fixture.applied[.active] != KeyringFixture.id(1))
        try await next.lookAgain()
        try await expectDestroyed(KeyringFixture.value(1), in: fixture)
    }

    @Test("The key before the one in use is revoked at once, and destroyed when the store answers again")
    func retiring() async throws {
        let fixture = try await KeyringFixture()
        try await fixture.files.put(KeyringFixture.value(2), as: "key", at: .current)
        try await fixture.follow { $0[.retiring] == KeyringFixture.id(1) }
        fixture.store.set(cut: true)
        _ = try await fixture.keyring.revoke(KeyringFixture.id(1), fixture.change)
        #expect(fixture.applied == [.active: KeyringFixture.id(2)])
        #expect(try await fixture.files.value(of: "key", at: .previous).bytes == KeyringFixture.value(1))
        fixture.store.set(cut: false)
        try await fixture.keyring.lookAgain()
        try await expectDestroyed(KeyringFixture.value(1), in: fixture)
        #expect(fixture.applied == [.active: KeyringFixture.id(2)])
    }

    @Test("A store that takes requests and answers none holds no revocation up: the key is gone within a second, another follows when the store answers")
    func hangs() async throws {
        let fixture = try await KeyringFixture()
        try await fixture.whileItHangs {
            let outcome = try await fixture.keyring.revoke(KeyringFixture.id(1), fixture.change)
            #expect(outcome.key.state == .gone && fixture.applied.isEmpty)
            #expect(outcome.notes.contains { $0.contains("Nothing takes its place") }, "\(outcome.notes)")
        }
        try await fixture.follow { $0[.active] != nil }
        #expect(fixture.applied[.active] != KeyringFixture.id(1))
        try await expectDestroyed(KeyringFixture.value(1), in: fixture)
    }

    @Test("The key before the one in use, and the one in use, both within a second, while a rotation and more wait for a store that does not answer")
    func hangsForMany() async throws {
        let fixture = try await KeyringFixture()
        try await fixture.files.put(KeyringFixture.value(2), as: "key", at: .current)
        try await fixture.follow { $0[.retiring] == KeyringFixture.id(1) }
        try await fixture.whileItHangs {
            let others = (0..<7).map { _ in Task { try await fixture.keyring.rotate(nil, fixture.change) } }
            async let first = fixture.keyring.revoke(KeyringFixture.id(1), fixture.change)
            async let second = fixture.keyring.revoke(KeyringFixture.id(2), fixture.change)
            let states = try await [first, second].map(\.key.state)
            #expect(states == [.gone, .gone])
            #expect(fixture.applied.isEmpty)
            fixture.store.answer()
            for other in others { _ = await other.result }
        }
        try await fixture.follow { $0[.active] != nil }
        #expect(Set(fixture.applied.values).isDisjoint(with: [KeyringFixture.id(1), KeyringFixture.id(2)]))
    }

    private func expectDestroyed(_ value: SecretBytes, in fixture: KeyringFixture) async throws {
        for version in try await fixture.files.versions(of: "key") where !version.isRevoked {
            for stage in version.stages { #expect(try await fixture.files.value(of: "key", at: stage).bytes != value) }
        }
        await #expect(throws: SecretStoreError.self) { try await fixture.files.value(of: "key", at: .previous) }
    }
}
