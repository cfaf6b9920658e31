import Crypto
import Cryptography
import Foundation
import Identity
import Testing

@Suite("Token issuing")
struct TokenIssuerTests {
    private let forge = TokenForge()
    private let now = TokenForge.now

    private func access(scope: [String] = ["chat", "market:read", "order:sign"]) async throws -> VerifiedToken {
        let issued = try await forge.issuer.access(
            userID: TokenForge.user, scope: scope, methods: ["pwd", "otp"], sessionID: "session", now: now)
        return try await forge.verify(issued.token)
    }

    @Test("An access token says who, in which session, by which methods, for five minutes")
    func accessToken() async throws {
        let issued = try await forge.issuer.access(
            userID: TokenForge.user, scope: ["chat", "market:read"], methods: ["pwd", "otp"], sessionID: "session", now: now)
        #expect(issued.expiresIn == 300)
        let token = try await forge.verify(issued.token)
        #expect(token.type == "at+jwt" && token.userID == TokenForge.user && token.sessionID == "session")
        #expect(token.scope == ["chat", "market:read"] && token.methods == ["pwd", "otp"])
        #expect(token.tokenID == issued.tokenID && token.actor == nil && token.digest == nil)
        #expect(token.expiresAt == Int64(now.timeIntervalSince1970) + 300)
    }

    @Test("Header and claims are the profile's and nothing else")
    func profile() async throws {
        let issued = try await forge.issuer.access(userID: TokenForge.user, scope: ["chat"], methods: ["pwd"], sessionID: "s", now: now)
        let parts = try issued.token.split(separator: ".").map { try #require(Base64URL.decode($0)) }
        let header = try #require(try JSONSerialization.jsonObject(with: Data(parts[0])) as? [String: String])
        #expect(header == ["alg": "EdDSA", "typ": "at+jwt", "kid": forge.issuer.kid])
        let claims = try #require(try JSONSerialization.jsonObject(with: Data(parts[1])) as? [String: Any])
        #expect(Set(claims.keys) == ["iss", "aud", "sub", "iat", "exp", "jti", "amr", "scope", "sid", "client_id"])
        #expect(claims["aud"] as? String == "cryptopulse-development")
    }

    @Test("A narrowed token names the agent, has the asked scope, and ends with its original")
    func agentToken() async throws {
        let original = try await access()
        let issued = try await forge.issuer.agent(for: original, scope: ["market:read"], now: now + 200)
        #expect(issued.expiresIn == 100)
        let token = try await forge.verify(issued.token, accepting: ["agent+jwt"], at: now + 200)
        #expect(token.actor == "agent" && token.scope == ["market:read"] && token.userID == original.userID)
        #expect(token.methods == original.methods && token.sessionID == "session")
        await #expect(throws: TokenFailure.header("typ")) { try await forge.verify(issued.token) }
    }

    @Test("Who may chat may let the agent propose, and nobody else")
    func proposing() async throws {
        let issued = try await forge.issuer.agent(for: access(scope: ["chat"]), scope: ["order:propose"], now: now)
        #expect(try await forge.verify(issued.token, accepting: ["agent+jwt"]).scope == ["order:propose"])
        await #expect(throws: TokenIssuer.Failure.scopeNotHeld(["order:propose"])) {
            try await forge.issuer.agent(for: access(scope: ["market:read"]), scope: ["order:propose"], now: now)
        }
    }

    @Test("A narrowed token cannot gain scope, be narrowed again, or outlive its original")
    func narrowing() async throws {
        let original = try await access(scope: ["chat"])
        await #expect(throws: TokenIssuer.Failure.scopeNotHeld(["order:sign"])) {
            try await forge.issuer.agent(for: original, scope: ["chat", "order:sign"], now: now)
        }
        await #expect(throws: TokenIssuer.Failure.notNarrowable) {
            try await forge.issuer.agent(for: original, scope: ["chat"], now: now + 300)
        }
        let narrowed = try await forge.verify(
            forge.issuer.agent(for: original, scope: ["chat"], now: now).token, accepting: ["agent+jwt"])
        await #expect(throws: TokenIssuer.Failure.notNarrowable) { try await forge.issuer.agent(for: narrowed, scope: [], now: now) }
    }

    @Test("A sign-off binds a digest, lasts 120 seconds, and is nothing but a sign-off")
    func signOff() async throws {
        let issued = try await forge.issuer.signOff(userID: TokenForge.user, digest: TokenForge.digest, methods: ["otp"], now: now)
        #expect(issued.expiresIn == 120)
        let token = try await forge.verify(issued.token, accepting: ["signoff+jwt"])
        #expect(token.digest == TokenForge.digest && token.methods == ["otp"] && token.scope.isEmpty)
        await #expect(throws: TokenFailure.header("typ")) { try await forge.verify(issued.token, accepting: ["at+jwt", "agent+jwt"]) }
        await #expect(throws: TokenFailure.expired) { try await forge.verify(issued.token, accepting: ["signoff+jwt"], at: now + 120) }
    }

    @Test("A digest of another length is refused by issuer and verifier", arguments: [0, 31, 33, 64])
    func digestLength(count: Int) async throws {
        let digest = [UInt8](repeating: 7, count: count)
        await #expect(throws: TokenIssuer.Failure.invalidDigest) {
            try await forge.issuer.signOff(userID: TokenForge.user, digest: digest, methods: ["otp"], now: now)
        }
        let forged = try forge.token(
            header: ["typ": "signoff+jwt"],
            claims: [
                "aud": "spiffe://development.cryptopulse.internal/execution", "scope": nil, "sid": nil,
                "exp": Int(now.timeIntervalSince1970) + 120, "digest": Base64URL.encode(digest),
            ])
        await #expect(throws: TokenFailure.claim("digest")) { try await forge.verify(forged, accepting: ["signoff+jwt"]) }
    }

    @Test("Every token has an id of its own")
    func identifiers() async throws {
        var ids: Set<String> = []
        for _ in 0..<50 {
            ids.insert(try await forge.issuer.signOff(userID: TokenForge.user, digest: TokenForge.digest, methods: ["pwd"]).tokenID)
        }
        #expect(ids.count == 50)
    }
}
