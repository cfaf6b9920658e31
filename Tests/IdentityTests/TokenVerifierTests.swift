import Crypto
import Cryptography
import Foundation
import Identity
import JWTKit
import Testing

@Suite("Token verification")
struct TokenVerifierTests {
    private let forge = TokenForge()

    @Test("The forge's own token passes, so that each refusal below has one cause")
    func baseline() async throws {
        let token = try await forge.verify(forge.token())
        #expect(token.userID == TokenForge.user)
        #expect(token.scope == ["chat"])
        #expect(token.methods == ["pwd", "otp"])
    }

    @Test("alg none is refused, with and without a signature")
    func algNone() async throws {
        for name in ["none", "None", "NONE", "nOnE"] {
            let token = try forge.token(header: ["alg": name])
            await #expect(throws: TokenFailure.algorithm) { try await forge.verify(token) }
            let unsigned = token.prefix(through: try #require(token.lastIndex(of: ".")))
            await #expect(throws: TokenFailure.malformed) { try await forge.verify(String(unsigned)) }
        }
    }

    @Test("HS256 keyed with the public key is refused")
    func algorithmConfusion() async throws {
        let input = try Base64URL.encode(forge.json(forge.header, ["alg": "HS256"])) + "." + Base64URL.encode(forge.json(forge.claims))
        let pem = EdDSA.PublicKey(backing: forge.key.publicKey).pemRepresentation
        for material in [forge.key.publicKey.rawRepresentation, Data(pem.utf8)] {
            let tag = Hashing.hmacSHA256(Data(input.utf8), key: SymmetricKey(data: material))
            await #expect(throws: TokenFailure.self) { try await forge.verify(input + "." + Base64URL.encode(tag)) }
            await #expect(throws: TokenFailure.algorithm) { try await forge.verify(input + "." + Base64URL.encode(tag + tag)) }
        }
    }

    @Test("Another algorithm's name is refused though the signature is good", arguments: ["ES256", "RS256", "Ed25519", "eddsa", ""])
    func algorithmName(name: String) async throws {
        let token = try forge.token(header: ["alg": name])
        await #expect(throws: TokenFailure.algorithm) { try await forge.verify(token) }
    }

    @Test("A typ that the caller does not take is refused", arguments: ["agent+jwt", "signoff+jwt", "JWT", "at+JWT", "application/at+jwt"])
    func wrongType(name: String) async throws {
        let token = try forge.token(header: ["typ": name])
        await #expect(throws: TokenFailure.header("typ")) { try await forge.verify(token) }
    }

    @Test("A header without one of its members is refused", arguments: ["alg", "typ", "kid"])
    func missingHeaderMember(name: String) async throws {
        let token = try forge.token(header: [name: nil])
        await #expect(throws: TokenFailure.header(name)) { try await forge.verify(token) }
    }

    @Test(
        "A header member that could bring keys or rules is refused",
        arguments: ["jwk", "jku", "x5u", "x5c", "x5t", "crit", "b64", "cty", "zip", "nonce"])
    func foreignHeaderMember(name: String) async throws {
        let token = try forge.token(header: [name: "https://attacker.example"])
        await #expect(throws: TokenFailure.header(name)) { try await forge.verify(token) }
        let structured = try forge.token(header: [name: ["exp"]])
        await #expect(throws: TokenFailure.malformed) { try await forge.verify(structured) }
    }

    @Test("An unknown kid is refused and named, and no other key is tried")
    func unknownKey() async throws {
        let token = try forge.token(header: ["kid": "another"])
        await #expect(throws: TokenFailure.unknownKey("another")) { try await forge.verify(token) }
    }

    @Test("A token signed by one pinned key under the kid of another is refused")
    func swappedKey() async throws {
        let other = Curve25519.Signing.PrivateKey()
        let keys = TokenKeySet(issuer: forge.keys.issuer, keys: [.init(forge.key.publicKey), .init(other.publicKey)])
        let token = try forge.token(header: ["kid": TokenKeySet.thumbprint(other.publicKey)])
        await #expect(throws: TokenFailure.signature) {
            try await forge.verifier.verify(token, accepting: ["at+jwt"], keys: keys, now: TokenForge.now)
        }
    }

    @Test("A changed byte anywhere is refused")
    func changedBytes() async throws {
        let token = try forge.token()
        for (offset, index) in token.indices.enumerated() where offset.isMultiple(of: 3) {
            var changed = token
            changed.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
            await #expect(throws: TokenFailure.self) { try await forge.verify(changed) }
        }
    }

    @Test("A claim that is missing is refused", arguments: ["iss", "aud", "sub", "iat", "exp", "jti", "amr", "scope", "sid"])
    func missingClaim(name: String) async throws {
        let token = try forge.token(claims: [name: nil])
        await #expect(throws: TokenFailure.self) { try await forge.verify(token) }
    }

    @Test("A claim of another type is refused", arguments: ["iss", "aud", "sub", "iat", "exp", "jti", "amr", "scope", "sid"])
    func mistypedClaim(name: String) async throws {
        for value in [true, ["a": "b"], NSNull()] as [Any] {
            let token = try forge.token(claims: [name: .some(value)])
            await #expect(throws: TokenFailure.self) { try await forge.verify(token) }
        }
        if ["iat", "exp"].contains(name) {
            let token = try forge.token(claims: [name: "1790000000"])
            await #expect(throws: TokenFailure.self) { try await forge.verify(token) }
        }
    }

    @Test(
        "Another issuer or environment is refused",
        arguments: ["https://auth.staging.cryptopulse.internal.example.com", "https://auth.development.cryptopulse.internal/", ""])
    func issuer(name: String) async throws {
        let token = try forge.token(claims: ["iss": name])
        await #expect(throws: TokenFailure.claim("iss")) { try await forge.verify(token) }
    }

    @Test("Another environment's genuine token and keys are refused")
    func otherEnvironment() async throws {
        let staging = TokenIssuer(environment: "staging", key: forge.key)
        let token = try await staging.access(
            userID: TokenForge.user, scope: ["chat"], methods: ["pwd"], sessionID: "s", now: TokenForge.now)
        let both = TokenFailure.otherEnvironment(found: "staging", expected: "development")
        await #expect(throws: both) { try await forge.verify(token.token) }
        let stranger = TokenIssuer(environment: "staging", key: .init())
        let unknown = try await stranger.access(userID: TokenForge.user, scope: ["chat"], methods: ["pwd"], sessionID: "s", now: TokenForge.now)
        await #expect(throws: both) { try await forge.verify(unknown.token) }
        await #expect(throws: both) {
            try await forge.verifier.verify(token.token, accepting: ["at+jwt"], keys: staging.keySet, now: TokenForge.now)
        }
    }

    @Test("The audience must be ours alone")
    func audience() async throws {
        #expect(try await forge.verify(forge.token(claims: ["aud": ["cryptopulse-development"]])).userID == TokenForge.user)
        for value in [
            "cryptopulse-test", "", "spiffe://development.cryptopulse.internal/execution", [] as [String],
            ["cryptopulse-development", "other"], ["cryptopulse-development", "cryptopulse-development"],
        ] as [Any] {
            let token = try forge.token(claims: ["aud": .some(value)])
            await #expect(throws: TokenFailure.claim("aud")) { try await forge.verify(token) }
        }
    }

    @Test("Another environment's audience is refused, naming both", arguments: ["cryptopulse-staging", "spiffe://staging.cryptopulse.internal/execution"])
    func audienceElsewhere(name: String) async throws {
        let token = try forge.token(claims: ["aud": name])
        await #expect(throws: TokenFailure.otherEnvironment(found: "staging", expected: "development")) { try await forge.verify(token) }
    }

    @Test("A token is good until its last second and not in the next")
    func expiry() async throws {
        let token = try forge.token()
        #expect(try await forge.verify(token, at: TokenForge.now + 299).tokenID == "one")
        await #expect(throws: TokenFailure.expired) { try await forge.verify(token, at: TokenForge.now + 300) }
    }

    @Test("A token from the future is refused beyond the permitted skew")
    func future() async throws {
        let token = try forge.token()
        #expect(try await forge.verify(token, at: TokenForge.now - 5).tokenID == "one")
        await #expect(throws: TokenFailure.notYetValid) { try await forge.verify(token, at: TokenForge.now - 6) }
        let later = try forge.token(claims: ["nbf": Int(TokenForge.now.timeIntervalSince1970) + 6])
        await #expect(throws: TokenFailure.notYetValid) { try await forge.verify(later) }
    }

    @Test("A token that claims to live longer than its kind may is refused", arguments: [301, 86400, 0, -1, Int.max - 1_790_000_000])
    func lifetime(seconds: Int) async throws {
        let token = try forge.token(claims: ["exp": Int(TokenForge.now.timeIntervalSince1970) + seconds])
        await #expect(throws: TokenFailure.claim("exp")) { try await forge.verify(token) }
    }

    @Test(
        "The subject must be a UUID in its canonical spelling",
        arguments: [
            "", "ada", "6F1C2A9E-0D3B-4F5A-8B7C-1E2D3C4B5A69", "{6f1c2a9e-0d3b-4f5a-8b7c-1e2d3c4b5a69}", "6f1c2a9e0d3b4f5a8b7c1e2d3c4b5a69",
        ])
    func subject(name: String) async throws {
        let token = try forge.token(claims: ["sub": name])
        await #expect(throws: TokenFailure.claim("sub")) { try await forge.verify(token) }
    }

    @Test("An access token with an actor or a digest is refused")
    func foreignClaims() async throws {
        let acted = try forge.token(claims: ["act": ["sub": "agent"]])
        await #expect(throws: TokenFailure.claim("act")) { try await forge.verify(acted) }
        let digested = try forge.token(claims: ["digest": Base64URL.encode(TokenForge.digest)])
        await #expect(throws: TokenFailure.claim("digest")) { try await forge.verify(digested) }
    }
}
