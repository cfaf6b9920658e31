import Crypto
import Cryptography
import Foundation
@testable import Identity
import JWTKit
import Testing

/// RFC 8037 appendix A and RFC 7638.
@Suite("Published token vectors")
struct TokenVectorTests {
    private static let publicKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    private static let seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    private static let token =
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        + "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

    @Test("The thumbprint of RFC 8037 A.1's key is A.3's")
    func thumbprint() throws {
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: try #require(Base64URL.decode(Self.seed)))
        #expect(Base64URL.encode(key.publicKey.rawRepresentation) == Self.publicKey)
        #expect(TokenKeySet.thumbprint(key.publicKey) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }

    @Test("RFC 8037 A.4's signature verifies under the algorithm that verification uses")
    func signature() async throws {
        let key = try Curve25519.Signing.PublicKey(rawRepresentation: try #require(Base64URL.decode(Self.publicKey)))
        let algorithm = try await JWTKeyCollection().add(eddsa: EdDSA.PublicKey(backing: key)).getKey()
        let parts = Self.token.split(separator: ".")
        let input = Data((parts[0] + "." + parts[1]).utf8)
        let signature = try #require(Base64URL.decode(parts[2]))
        #expect(try algorithm.verify(signature, signs: input))
        #expect(try !algorithm.verify(signature, signs: input + [0]))
    }

    @Test("RFC 8037 A.4's token is well-formed, and no token of ours: it has neither typ nor kid")
    func strangersToken() throws {
        let compact = try CompactToken(Self.token)
        #expect(compact.payload == Array("Example of Ed25519 signing".utf8))
        #expect(throws: TokenFailure.header("typ")) { try TokenHeader(json: compact.header) }
    }

    @Test("A key set refuses a key under a kid that is not its thumbprint, and every other algorithm")
    func keySet() throws {
        let key = Curve25519.Signing.PrivateKey().publicKey
        let (kid, bytes) = (TokenKeySet.thumbprint(key), Array(key.rawRepresentation))
        #expect(try TokenKeySet.Key(kid: kid, algorithm: "EdDSA", publicKey: bytes).kid == kid)
        #expect(throws: TokenFailure.unknownKey("other")) { try TokenKeySet.Key(kid: "other", algorithm: "EdDSA", publicKey: bytes) }
        #expect(throws: TokenFailure.algorithm) { try TokenKeySet.Key(kid: kid, algorithm: "HS256", publicKey: bytes) }
        #expect(throws: (any Error).self) { try TokenKeySet.Key(kid: kid, algorithm: "EdDSA", publicKey: [1, 2, 3]) }
    }
}
