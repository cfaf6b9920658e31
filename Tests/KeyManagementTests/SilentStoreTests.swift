@testable import KeyManagement
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

    @Test("The next key, revoked in silence, is destroyed by the process after this one")
    func restartedPending() async throws {
        let fixture = try await KeyringFixture(lead: 1000)
        try await fixture.files.put(KeyringFixture.value(2), as: "key", at: .pending)
        try await fixture.follow { $0[.pending] == KeyringFixture.id(2) }
        fixture.store.set(cut: true)
        _ = try await fixture.keyring.revoke(KeyringFixture.id(2), fixture.change)
        fixture.store.set(cut: false)
        let next = fixture.another()
        try await next.start()
        try await next.lookAgain()
        try await expectGone(KeyringFixture.value(2), in: fixture)
        #expect(fixture.applied == [.active: KeyringFixture.id(1)])
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
            let outcome = try #require(try await fixture.expectGoneAtOnce(KeyringFixture.id(1)).first)
            #expect(fixture.applied.isEmpty)
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
            try await fixture.expectGoneAtOnce(KeyringFixture.id(1), KeyringFixture.id(2))
            #expect(fixture.applied.isEmpty)
            fixture.store.answer()
            for other in others { _ = await other.result }
        }
        try await fixture.follow { $0[.active] != nil }
        #expect(Set(fixture.applied.values).isDisjoint(with: [KeyringFixture.id(1), KeyringFixture.id(2)]))
    }

    @Test("A rotation that was given up for a revocation has put its key all the same: that one is used, and no other is made")
    func rotationGivenUp() async throws {
        let fixture = try await KeyringFixture()
        fixture.store.hang(onWritesOnly: true)
        let rotation = Task { try await fixture.keyring.rotate(nil, fixture.change) }
        await fixture.store.isAsked()
        try await fixture.expectGoneAtOnce(KeyringFixture.id(1))
        #expect(fixture.applied.isEmpty)
        await #expect(throws: SecretStoreError.self) { try await rotation.value }
        fixture.store.answer()
        try await fixture.follow { $0[.active] != nil }
        let versions = try await fixture.files.versions(of: "key")
        #expect(versions.count { !$0.isRevoked } == 1, "\(versions)")
        try await expectDestroyed(KeyringFixture.value(1), in: fixture)
    }

    @Test("The next key is revoked while the store puts it to use, and does so later: the one in use here takes its place back", arguments: [false, true])
    func nextKeyGivenUp(isRestarted: Bool) async throws {
        let fixture = try await KeyringFixture(lead: 1000)
        try await fixture.files.put(KeyringFixture.value(2), as: "key", at: .pending)
        try await fixture.follow { $0[.pending] == KeyringFixture.id(2) }
        _ = try await fixture.keyring.rotate(nil, fixture.change)
        fixture.advance(by: 1001)
        try await fixture.whileItHangs(onWritesOnly: true) {
            try await fixture.expectGoneAtOnce(KeyringFixture.id(2))
            #expect(fixture.applied == [.active: KeyringFixture.id(1)])
        }
        if isRestarted {
            await fixture.keyring.unfinished?.value
            let next = fixture.another()
            try await next.start()
            try await next.lookAgain()
        } else {
            try await fixture.keyring.lookAgain()
        }
        #expect(fixture.applied == [.active: KeyringFixture.id(1)])
        #expect(try await fixture.files.value(of: "key", at: .current).bytes == KeyringFixture.value(1))
        try await expectGone(KeyringFixture.value(2), in: fixture)
    }

    private func expectGone(_ value: SecretBytes, in fixture: KeyringFixture) async throws {
        for stage in SecretStage.allCases {
            if let found = try? await fixture.files.value(of: "key", at: stage) { #expect(found.bytes != value, "\(stage)") }
        }
    }

    private func expectDestroyed(_ value: SecretBytes, in fixture: KeyringFixture) async throws {
        for version in try await fixture.files.versions(of: "key") where !version.isRevoked {
            for stage in version.stages { #expect(try await fixture.files.value(of: "key", at: stage).bytes != value) }
        }
        await #expect(throws: SecretStoreError.self) { try await fixture.files.value(of: "key", at: .previous) }
    }
}
