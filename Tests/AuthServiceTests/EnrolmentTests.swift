@testable import AuthService
import Cryptography
import Foundation
import Identity
import MeshCall
import ServiceAPI
import Testing

@Suite("Enrolment and renewal", .timeLimit(.minutes(2)))
struct EnrolmentTests {
    private static let agent = "spiffe://development.cryptopulse.internal/agent"

    @Test("A join token brings one certificate of its service, signed by the environment's issuer")
    func enrols() async throws {
        let auth = try await IdentityFixture()
        let facts = try await auth.enrol("agent", token: auth.token(for: "agent"))
        #expect(facts.uris == [Self.agent])
        #expect(facts.begins == auth.clock.now - 60 && facts.ends == auth.clock.now + 86400)
        #expect(try await auth.actions().suffix(2) == ["identity.join_token_created \(Self.agent)", "identity.issued \(Self.agent)"])
    }

    @Test("A token that was used, has expired, is another service's or nobody's brings nothing, and is told of")
    func refusedTokens() async throws {
        let auth = try await IdentityFixture()
        let used = try await auth.token(for: "agent")
        _ = try await auth.enrol("agent", token: used)
        #expect(try await refusal { try await auth.enrol("agent", token: used) }.reason == "JOIN_TOKEN_USED")
        let other = try await auth.token(for: "execution")
        #expect(try await refusal { try await auth.enrol("agent", token: other) }.reason == "JOIN_TOKEN_OF_OTHER_SERVICE")
        // The wrong name did not use it up.
        _ = try await auth.enrol("execution", token: other)
        let late = try await auth.token(for: "agent", lifetime: 60)
        auth.clock.advance(by: 60)
        #expect(try await refusal { try await auth.enrol("agent", token: late) }.reason == "JOIN_TOKEN_EXPIRED")
        let nobodys = Base64URL.encode(SecureRandom.bytes(32))
        for text in [nobodys, "", "x"] {
            let error = try await refusal { try await auth.enrol("agent", token: text) }
            #expect(error.code == .unauthenticated && error.reason == "JOIN_TOKEN_UNKNOWN")
        }
        let told = try await auth.actions().filter { $0.hasPrefix("identity.enrolment_refused") }
        #expect(
            told == [
                "identity.enrolment_refused \(Self.agent) JOIN_TOKEN_USED", "identity.enrolment_refused \(Self.agent) JOIN_TOKEN_OF_OTHER_SERVICE",
                "identity.enrolment_refused \(Self.agent) JOIN_TOKEN_EXPIRED",
            ])
    }

    @Test("Whose answer got lost asks again with the same key and gets another certificate; not for ever, not late, not once the first is revoked")
    func askedAgain() async throws {
        let auth = try await IdentityFixture()
        let token = try await auth.token(for: "agent"), key = MeshKey()
        let ask = { (auth: IdentityFixture, token: String) in
            let request = try CertificateRequest(key: key, spiffeID: Self.agent).der
            let chain = try await auth.enrolment.enrol(.init(joinToken: token, certificateRequest: request)).chain
            return try CertificateFacts(pem: CertificateFacts.pem(chain: chain))
        }
        let first = try await ask(auth, token)
        // Another key is another holder, also in between.
        #expect(try await refusal { try await auth.enrol("agent", token: token) }.reason == "JOIN_TOKEN_USED")
        let restarted = try await IdentityFixture(after: auth)
        let second = try await ask(restarted, token)
        #expect(first.serial != second.serial && second.isFor(key))
        #expect(try await restarted.actions().last == "identity.issued \(Self.agent)")
        for _ in 2..<JoinTokenTable.mostAnswers { _ = try await ask(restarted, token) }
        #expect(try await refusal { _ = try await ask(restarted, token) }.reason == "JOIN_TOKEN_USED")

        let late = try await restarted.token(for: "agent", lifetime: 60)
        _ = try await ask(restarted, late)
        restarted.clock.advance(by: 60)
        #expect(try await refusal { _ = try await ask(restarted, late) }.reason == "JOIN_TOKEN_USED")

        let lost = try await restarted.token(for: "agent")
        let seen = try await ask(restarted, lost)
        _ = try await restarted.identity(as: "operator").revoke(.init(serial: seen.serial, reason: "stolen"))
        #expect(try await refusal { _ = try await ask(restarted, lost) }.reason == "JOIN_TOKEN_USED")
    }

    @Test("Of many who come with one token at once, one gets a certificate")
    func race() async throws {
        let auth = try await IdentityFixture()
        let token = try await auth.token(for: "agent")
        let won = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 { group.addTask { (try? await auth.enrol("agent", token: token)) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(won == 1)
    }

    @Test("A token is kept as a hash; used, it stays used after a restart")
    func restart() async throws {
        let auth = try await IdentityFixture()
        let token = try await auth.token(for: "agent")
        _ = try await auth.enrol("agent", token: token)
        let files = try FileManager.default.subpathsOfDirectory(atPath: auth.folder + "/data").map { auth.folder + "/data/" + $0 }
        let bytes = try #require(Base64URL.decode(token))
        for file in files {
            guard let content = FileManager.default.contents(atPath: file) else { continue }
            for form in [Data(bytes), Data(token.utf8), Data(Hex.encode(bytes).utf8)] { #expect(content.range(of: form) == nil, "\(file)") }
        }
        let again = try await IdentityFixture(after: auth)
        #expect(try await refusal { try await again.enrol("agent", token: token) }.reason == "JOIN_TOKEN_USED")
    }

    @Test("A token that the deployment made is good once, too")
    func deployed() async throws {
        let auth = try await IdentityFixture()
        let bytes = SecureRandom.bytes(32)
        let register = #"{"tokens":[{"sha256":"\#(Hex.encode(Hashing.sha256(bytes)))","service":"audit","expiresAt":\#(auth.clock.now + 60)}]}"#
        try IdentityFixture.write(Array(register.utf8), to: auth.folder + "/join-tokens.json")
        let token = Base64URL.encode(bytes)
        #expect(try await refusal { try await auth.enrol("agent", token: token) }.reason == "JOIN_TOKEN_OF_OTHER_SERVICE")
        _ = try await auth.enrol("audit", token: token)
        #expect(try await refusal { try await auth.enrol("audit", token: token) }.reason == "JOIN_TOKEN_USED")
    }

    @Test("A faulty request gets nothing and does not use the token up: another key's signature, another environment, names not to be had")
    func requests() async throws {
        let auth = try await IdentityFixture()
        let token = try await auth.token(for: "agent")
        var forged = try IdentityFixture.request("agent")
        forged[forged.count - 3] ^= 1
        for bad in [forged, [], Array("garbage".utf8), [UInt8](repeating: 0x30, count: 5000)] {
            let error = try await refusal { try await auth.enrolment.enrol(.init(joinToken: token, certificateRequest: bad)) }
            #expect(error.code == .invalidArgument && error.reason == "CERTIFICATE_REQUEST_INVALID")
        }
        let foreign = try await refusal { try await auth.enrol("agent", token: token, environment: "staging") }
        #expect(foreign.reason == "ENVIRONMENT_MISMATCH")
        #expect(foreign.message.contains("staging.cryptopulse.internal") && foreign.message.contains("development.cryptopulse.internal"))
        for name in ["auth", "anonymous", "sandbox-exchange", "nobody"] {
            #expect(try await refusal { try await auth.enrol(name, token: token) }.reason == "SPIFFE_ID_NOT_ALLOWED")
        }
        _ = try await auth.enrol("agent", token: token)
    }

    @Test("Renewal is for the caller's own name")
    func renewal() async throws {
        let auth = try await IdentityFixture()
        let (facts, _) = try await auth.renew("agent", as: "agent")
        #expect(facts.uris == [Self.agent])
        let error = try await refusal { try await auth.renew("execution", as: "agent") }
        #expect(error.code == .permissionDenied && error.reason == "SPIFFE_ID_NOT_ALLOWED")
        #expect(try await auth.actions().suffix(2) == ["identity.issued \(Self.agent)", "identity.renewal_refused \(Self.agent) SPIFFE_ID_NOT_ALLOWED"])
    }

    @Test("A certificate that auth did not issue, another's, a revoked one and one by a key that is gone are not renewed")
    func notRenewable() async throws {
        let auth = try await IdentityFixture()
        let control = auth.identity(as: "operator")
        func reason(_ serial: String) async throws -> String? {
            try await refusal { try await auth.renew("agent", as: "agent", serial: serial) }.reason
        }
        #expect(try await reason("0badcafe") == "CERTIFICATE_NOT_RENEWABLE")
        #expect(try await reason(auth.enrol("execution", token: auth.token(for: "execution")).serial) == "CERTIFICATE_NOT_RENEWABLE")
        let revoked = try await auth.enrol("agent", token: auth.token(for: "agent")).serial
        _ = try await auth.renew("agent", as: "agent", serial: revoked)
        _ = try await control.revoke(.init(serial: revoked, reason: "stolen"))
        #expect(try await reason(revoked) == "CERTIFICATE_NOT_RENEWABLE")
        let old = try await auth.enrol("agent", token: auth.token(for: "agent")).serial
        _ = try await auth.rotate()
        _ = try await auth.renew("agent", as: "agent", serial: old)
        _ = try await control.endIssuingKey(.init(id: 1, early: true, reason: "copied"))
        #expect(try await reason(old) == "CERTIFICATE_NOT_RENEWABLE")
        #expect(try await auth.actions().last == "identity.renewal_refused \(Self.agent) CERTIFICATE_NOT_RENEWABLE")
    }

    @Test("Strangers' attempts do not keep out who has a token")
    func strangersFlood() async throws {
        let auth = try await IdentityFixture()
        let token = try await auth.token(for: "agent")
        var reasons: Set<String?> = []
        for _ in 0..<200 { reasons.insert(try await refusal { try await auth.enrol("agent", token: JoinToken.fresh().text) }.reason) }
        #expect(reasons == ["JOIN_TOKEN_UNKNOWN", "RATE_LIMITED"])
        _ = try await auth.enrol("agent", token: token)
    }

    @Test("Nobody but the operator makes tokens, revokes or rotates; nobody with a certificate enrols, nobody without one renews")
    func policy() async throws {
        let auth = try await IdentityFixture()
        for name in ["agent", "gateway", "execution", "anonymous"] {
            let caller = auth.identity(as: name)
            let errors = [
                try await refusal { try await caller.createJoinToken(.init(service: "agent", reason: "x")) },
                try await refusal { try await caller.revoke(.init(serial: "01", reason: "x")) },
                try await refusal { try await caller.prepareIssuingKey(.init(reason: "x")) },
            ]
            #expect(errors.allSatisfy { $0.reason == "CALLER_NOT_ALLOWED" })
        }
        #expect(try await refusal { try await auth.renew("agent", as: "anonymous") }.reason == "CALLER_NOT_ALLOWED")
    }

    @Test("Strangers together may try so often")
    func rate() async throws {
        let auth = try await IdentityFixture()
        var reasons: Set<String> = []
        for _ in 0..<100 { reasons.insert(try await refusal { try await auth.enrol("agent", token: "x") }.reason ?? "") }
        #expect(reasons == ["JOIN_TOKEN_UNKNOWN", "RATE_LIMITED"])
    }
}
