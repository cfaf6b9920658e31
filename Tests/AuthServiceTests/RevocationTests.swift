@testable import AuthService
import Identity
import MeshCall
import MeshTLS
import ServiceAPI
import KeyManagement
import Testing

@Suite("Revocation and rotation of the issuing key", .timeLimit(.minutes(2)))
struct RevocationTests {
    private static let agent = "spiffe://development.cryptopulse.internal/agent"

    @Test("Who watches has the list at once and each change; it survives a restart")
    func watch() async throws {
        let auth = try await IdentityFixture()
        var lists = try await auth.identity(as: "execution").watchRevocations(.init()).makeAsyncIterator()
        #expect(try await lists.next() == AuthV1.Revocations(version: 0))
        let facts = try await auth.renew("agent", as: "agent").facts
        _ = try await auth.identity(as: "operator").revoke(.init(serial: facts.serial, reason: "stolen laptop"))
        let first = try #require(try await lists.next())
        let serial = try #require(CertificateSerial(hex: facts.serial))
        #expect(first.serials == [serial.bytes] && first.identities.isEmpty && first.version > 0)
        _ = try await auth.identity(as: "operator").revoke(.init(spiffeId: Self.agent, reason: "hijacked"))
        let second = try #require(try await lists.next())
        #expect(second.identities == [Self.agent] && second.version > first.version)
        #expect(auth.lastList?.version == second.version)
        let again = try await IdentityFixture(after: auth)
        #expect(again.lastList?.serials == [serial] && again.lastList?.version == second.version)
        #expect(try await auth.actions().suffix(2) == ["identity.revoked \(serial.hex)", "identity.revoked \(Self.agent)"])
    }

    @Test("A revoked name gets no certificate, by renewal or token, until it is reinstated")
    func name() async throws {
        let auth = try await IdentityFixture()
        let control = auth.identity(as: "operator")
        let token = try await auth.token(for: "agent")
        _ = try await control.revoke(.init(spiffeId: Self.agent, reason: "test"))
        #expect(try await refusal { try await auth.renew("agent", as: "agent") }.reason == "IDENTITY_REVOKED")
        #expect(try await refusal { try await auth.enrol("agent", token: token) }.reason == "IDENTITY_REVOKED")
        _ = try await auth.renew("execution", as: "execution")
        #expect(try await control.reinstate(.init(spiffeId: Self.agent, reason: "test")).identities == [])
        #expect(try await refusal { try await control.reinstate(.init(spiffeId: Self.agent, reason: "test")) }.reason == "NOT_REVOKED")
        _ = try await auth.enrol("agent", token: token)
    }

    @Test("What names nothing, two things, another environment or nobody's reason is refused; auth and operator cannot lock themselves out")
    func subjects() async throws {
        let control = try await IdentityFixture().identity(as: "operator")
        for request in [
            AuthV1.RevokeRequest(reason: "x"), .init(serial: "01", spiffeId: Self.agent, reason: "x"), .init(serial: "zz", reason: "x"),
            .init(spiffeId: "spiffe://staging.cryptopulse.internal/agent", reason: "x"), .init(serial: "01"),
        ] {
            #expect(try await refusal { try await control.revoke(request) }.code == .invalidArgument)
        }
        for name in ["auth", "operator"] {
            let request = AuthV1.RevokeRequest(spiffeId: "spiffe://development.cryptopulse.internal/\(name)", reason: "x")
            #expect(try await refusal { try await control.revoke(request) }.reason == "IDENTITY_NEEDED")
        }
    }

    @Test("A stopping process ends the watchers' calls")
    func stop() async throws {
        let auth = try await IdentityFixture()
        var lists = try await auth.identity(as: "audit").watchRevocations(.init()).makeAsyncIterator()
        _ = try await lists.next()
        auth.components.authority.board.stop()
        let error = await #expect(throws: RPCError.self) { _ = try await lists.next() }
        #expect(error?.code == .unavailable)
    }

    // MARK: - Issuing keys

    @Test("After a rotation the new key signs, the old one's certificates stay good, and a day later it is gone by itself")
    func rotation() async throws {
        let auth = try await IdentityFixture()
        let before = try await auth.renew("agent", as: "agent").issuer
        let key = try await auth.rotate()
        #expect(key.state == "active" && key.id == 2)
        let after = try await auth.renew("agent", as: "agent").issuer
        #expect(after.serial != before.serial)
        let control = auth.identity(as: "operator")
        #expect(try await control.listIssuingKeys(.init()).keys.map(\.state) == ["active", "retiring"])
        #expect(try await refusal { try await control.endIssuingKey(.init(id: 1, reason: "x")) }.reason == "STILL_IN_USE")
        #expect(auth.lastList?.serials.isEmpty == true)

        auth.clock.advance(by: IssuingKeys.overlap)
        try await auth.components.authority.endDueKeys()
        #expect(try await control.listIssuingKeys(.init()).keys.map(\.state) == ["active", "gone"])
        #expect(auth.lastList?.serials == [try #require(CertificateSerial(hex: before.serial))])
        let told = try await auth.actions().filter { $0.contains("issuing_key") }
        #expect(told.map { $0.split(separator: " ")[0] } == [
            "identity.issuing_key_prepared", "identity.issuing_key_activated", "identity.issuing_key_prepared",
            "identity.issuing_key_activated", "identity.issuing_key_ended",
        ])
    }

    @Test("The key that signs is the same after a restart; one that signs no more is forgotten")
    func restart() async throws {
        let auth = try await IdentityFixture()
        _ = try await auth.rotate()
        let issuer = try await auth.renew("agent", as: "agent").issuer
        let again = try await IdentityFixture(after: auth)
        #expect(try await again.renew("agent", as: "agent").issuer == issuer)
        #expect(try await auth.components.authority.store.wrappedKey(1) == nil)
        #expect(try await auth.components.authority.store.wrappedKey(2) != nil)
    }

    @Test("A key in danger is ended early: its certificate is revoked at once")
    func early() async throws {
        let auth = try await IdentityFixture()
        let before = try await auth.renew("agent", as: "agent").issuer
        _ = try await auth.rotate()
        #expect(try await auth.identity(as: "operator").endIssuingKey(.init(id: 1, early: true, reason: "key copied")).state == "gone")
        #expect(auth.lastList?.serials == [try #require(CertificateSerial(hex: before.serial))])
    }

    @Test("A certificate by another root, for another environment or another key does not activate a key")
    func wrongCertificate() async throws {
        let auth = try await IdentityFixture()
        let stranger = try CertificateAuthority.makeRoot(environment: "development", now: auth.clock.date)
        #expect(try await refusal { try await auth.rotate(with: stranger) }.reason == "ISSUER_CERTIFICATE_INVALID")
        #expect(try await refusal { try await auth.rotate(environment: "staging") }.reason == "ISSUER_CERTIFICATE_INVALID")
        let prepared = try await auth.identity(as: "operator").prepareIssuingKey(.init(reason: "x"))
        let other = try auth.root.certifyIssuer(CertificateRequest(key: MeshKey(), spiffeID: nil), environment: "development", now: auth.clock.date)
        for bytes in [other, [], [1, 2, 3]] {
            let error = try await refusal {
                try await auth.identity(as: "operator").activateIssuingKey(.init(id: prepared.id, certificate: bytes, reason: "x"))
            }
            #expect(error.reason == "ISSUER_CERTIFICATE_INVALID")
        }
        #expect(try await auth.identity(as: "operator").listIssuingKeys(.init()).keys.filter { $0.state == "active" }.map(\.id) == [1])
    }

    @Test("A key older than the settings allow signs no more, until it is rotated")
    func overdue() async throws {
        let auth = try await IdentityFixture(age: KeyAge(refuseAfter: 91))
        auth.clock.advance(by: 91 * 86400 - 1)
        _ = try await auth.renew("agent", as: "agent")
        auth.clock.advance(by: 1)
        #expect(try await refusal { try await auth.renew("agent", as: "agent") }.reason == "NO_ISSUING_KEY")
        _ = try await auth.rotate()
        _ = try await auth.renew("agent", as: "agent")
    }
}
