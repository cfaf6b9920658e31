@testable import AuthService
import GRDB
import Identity
@testable import KeyManagement
import MeshCall
import Secrets
import ServiceAPI
import Storage
import Testing

@Suite("Rotating the key that signs tokens", .timeLimit(.minutes(1)))
struct TokenRotationTests {
    private func keys(_ auth: AuthFixture) -> KeysV1.KeysClient {
        KeysV1.KeysClient(auth.server.channel(as: AuthFixture.peer("operator")))
    }

    private func active(_ auth: AuthFixture) async throws -> String {
        let listed = try await keys(auth).listKeys(.init(kind: "token-signing")).keys
        return try #require(listed.first { $0.state == "active" }).id
    }

    /// Lets the keyring see what time it is until `condition` holds.
    private func followed(_ auth: AuthFixture, until condition: () async throws -> Bool) async throws {
        let following = Task { try await auth.signing.run(every: .milliseconds(50)) }
        defer { following.cancel() }
        if try await condition() { return try await auth.signing.settle() }
        for await _ in auth.keyChanges where try await condition() { return try await auth.signing.settle() }
    }

    @Test("The next key verifies before it signs; the one before verifies until its overlap is over, and is then erased")
    func rotation() async throws {
        let auth = try await AuthFixture()
        let (person, session) = try await auth.member()
        let old = try await active(auth)
        let answer = try await keys(auth).rotateKey(.init(kind: "token-signing", reason: "test"))
        let new = try #require(answer.key).id
        #expect(answer.key?.state == "pending" && new != old)
        // Published, and not used yet.
        #expect(Set(try await auth.client.getKeys(.init()).keys.map(\.kid)) == [old, new])
        #expect(try auth.tokens.issuer.kid == old)

        auth.clock.advance(by: TokenKeys.usualLead)
        try await followed(auth) { try await active(auth) == new }
        auth.clock.advance(by: 30)
        let later = try await auth.signIn(person)
        #expect(try auth.tokens.issuer.kid == new)
        _ = try await auth.verify(later.accessToken, .access)
        _ = try await auth.client.narrowToken(.init(scope: ["market:read"]), options: .bearer(session.accessToken))

        auth.clock.advance(by: TokenKeys.usualOverlap)
        try await followed(auth) { try await auth.client.getKeys(.init()).keys.map(\.kid) == [new] }
        let gone = try #require(try await keys(auth).listKeys(.init(kind: "token-signing", gone: true)).keys.first { $0.id == old })
        #expect(gone.state == "gone" && gone.goneAt == auth.clock.now)
        await #expect(throws: SecretStoreError.self) { try await auth.secrets.value(of: TokenKeys.secret, at: .previous) }
        #expect(try await auth.actions().filter { $0.hasPrefix("keys.") } == ["keys.prepared", "keys.activated", "keys.ended"])
    }

    @Test("A revoked key is replaced in the same step, and what it signed is refused from then on, after a restart too")
    func revocation() async throws {
        let auth = try await AuthFixture()
        let (person, session) = try await auth.member()
        let old = try await active(auth)
        _ = try await keys(auth).revokeKey(.init(kind: "token-signing", id: old, reason: "stolen"))
        let error = try await refusal { try await auth.client.narrowToken(.init(scope: ["market:read"]), options: .bearer(session.accessToken)) }
        #expect(error.code == .unauthenticated)
        let fresh = try await auth.signIn(person)
        _ = try await auth.client.narrowToken(.init(scope: ["market:read"]), options: .bearer(fresh.accessToken))
        #expect(try await keys(auth).revokeKey(.init(kind: "token-signing", id: old, reason: "stolen")).key?.state == "gone")

        let again = try await AuthFixture(after: auth)
        _ = try await again.client.narrowToken(.init(scope: ["market:read"]), options: .bearer(fresh.accessToken))
        #expect(try await refusal { try await again.client.narrowToken(.init(scope: ["market:read"]), options: .bearer(session.accessToken)) }.code == .unauthenticated)
        #expect(try await again.client.getKeys(.init()).keys.count == 1)
    }

    @Test("A key that somebody destroys in the store itself verifies no more")
    func destroyedInTheStore() async throws {
        let auth = try await AuthFixture()
        let (_, session) = try await auth.member()
        let narrow: () async throws -> Void = { _ = try await auth.client.narrowToken(.init(scope: ["market:read"]), options: .bearer(session.accessToken)) }
        try await narrow()
        for version in try await auth.secrets.versions(of: TokenKeys.secret) { try await auth.secrets.revoke(version.id, of: TokenKeys.secret) }
        await #expect(throws: SecretStoreError.self) { try await auth.signing.lookAgain() }
        #expect(try await refusal { try await narrow() }.code == .unauthenticated)
        #expect(try await auth.client.getKeys(.init()).keys.isEmpty)
    }

    @Test("A key that was revoked does not come back, although somebody puts it into the store again")
    func comesBack() async throws {
        let auth = try await AuthFixture()
        let old = try await active(auth)
        let value = try await auth.secrets.secret(named: TokenKeys.secret)
        _ = try await keys(auth).revokeKey(.init(kind: "token-signing", id: old, reason: "stolen"))
        try await auth.secrets.put(value, as: TokenKeys.secret, at: .current)
        // A start finds nothing else that it may use, and makes another.
        let next = try await AuthFixture(after: auth)
        #expect(try await active(next) != old)
        #expect(try await next.client.getKeys(.init()).keys.map(\.kid) == [try await active(next)])
    }

    @Test("A rotation waits for the one before it; a restart between them loses nothing")
    func twice() async throws {
        let auth = try await AuthFixture()
        let new = try #require(try await keys(auth).rotateKey(.init(kind: "token-signing", reason: "test")).key).id
        #expect(try await refusal { try await keys(auth).rotateKey(.init(kind: "token-signing", reason: "test")) }.reason == "ROTATION_UNDER_WAY")
        let again = try await AuthFixture(after: auth)
        again.clock.advance(by: TokenKeys.usualLead)
        try await followed(again) { try await active(again) == new }
    }

    @Test("What the operator must not ask is said in words", arguments: [("token-signing", ""), ("nonsense", "x"), ("exchange-trade", "x")])
    func refusals(kind: String, reason: String) async throws {
        let auth = try await AuthFixture()
        let error = try await refusal { try await keys(auth).rotateKey(.init(kind: kind, reason: reason)) }
        #expect(["REASON_MISSING", "UNKNOWN_KIND"].contains(error.reason))
        #expect(try await refusal { try await keys(auth).revokeKey(.init(kind: "token-signing", id: "none", reason: "x")) }.reason == "UNKNOWN_KEY")
        let stranger = KeysV1.KeysClient(auth.server.channel(as: AuthFixture.peer("gateway")))
        #expect(try await refusal { try await stranger.listKeys(.init()) }.code == .permissionDenied)
    }

    @Test("The key that wraps the database's keys is replaced without touching what they seal; the old one opens nothing")
    func dataKey() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        let sealed = try await auth.database.readAll { db in try String.fetchAll(db, sql: "SELECT hex(email) || hex(totp_seed) FROM accounts") }
        let old = try await auth.secrets.secret(named: DataKeyring.secret).withUnsafeBytes { Array($0) }
        let answer = try await keys(auth).rotateKey(.init(kind: "data-encryption", reason: "test"))
        #expect(answer.key?.state == "active")
        _ = try await auth.signIn(person)
        #expect(try await auth.database.readAll { db in try String.fetchAll(db, sql: "SELECT hex(email) || hex(totp_seed) FROM accounts") } == sealed)
        let again = try await AuthFixture(after: auth)
        again.clock.advance(by: 30)
        _ = try await again.signIn(person)
        await #expect(throws: (any Error).self) { try await AuthFixture(after: again, withDataKey: old) }
    }

    @Test("A process that died between the new wrapping key and the wrapping goes on where it was")
    func diedBetween() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        try await auth.secrets.put(SecretBytes(copying: [UInt8](repeating: 7, count: 32)), as: DataKeyring.secret, at: .current)
        let again = try await AuthFixture(after: auth)
        _ = try await again.signIn(person)
        try await again.secrets.revoke(
            try #require(try await again.secrets.versions(of: DataKeyring.secret).first { $0.stages == [.previous] }).id, of: DataKeyring.secret)
        let last = try await AuthFixture(after: again)
        last.clock.advance(by: 30)
        _ = try await last.signIn(person)
    }
}
