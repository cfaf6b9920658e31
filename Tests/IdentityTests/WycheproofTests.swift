import Crypto
import Cryptography
import Foundation
import Identity
import JWTKit
import Testing

/// Wycheproof's files have no EdDSA tokens: every one of their JWS is a stranger's to us, valid or not.
@Suite("Wycheproof for tokens", .enabled(if: Vectors.available, "CRYPTOPULSE_TEST_DATA is not set"))
struct WycheproofTests {
    private struct TokenGroup: Decodable {
        struct Case: Decodable { let tcId: Int, jws: JSONText?, result: String }
        let tests: [Case]
    }

    /// Compact tokens are strings; a few cases hold a JSON serialisation instead.
    private enum JSONText: Decodable {
        case compact(String)
        case other

        init(from decoder: any Decoder) throws {
            self = (try? decoder.singleValueContainer().decode(String.self)).map(JSONText.compact) ?? .other
        }
    }

    private struct SignatureGroup: Decodable {
        struct PublicKey: Decodable { let pk: String }
        struct Case: Decodable { let tcId: Int, msg, sig, result: String }
        let publicKey: PublicKey
        let tests: [Case]
    }

    @Test(
        "No token of these files passes, whatever it tries",
        arguments: [("json_web_signature_test", 300), ("json_web_key_test", 20), ("json_web_crypto_test", 40)])
    func foreignTokens(name: String, atLeast: Int) async throws {
        let forge = TokenForge()
        var refused = 0
        for test in try Vectors.wycheproof(name, as: TokenGroup.self).flatMap(\.tests) {
            guard case .compact(let token)? = test.jws else { continue }
            await #expect(throws: TokenFailure.self, "tcId \(test.tcId)") {
                try await forge.verify(token, accepting: ["at+jwt", "agent+jwt", "signoff+jwt"])
            }
            refused += 1
        }
        #expect(refused >= atLeast)
    }

    @Test("Ed25519 verification agrees with every vector")
    func ed25519() async throws {
        var checked = 0
        for group in try Vectors.wycheproof("ed25519_test", as: SignatureGroup.self) {
            let key = try Curve25519.Signing.PublicKey(rawRepresentation: try #require(Hex.decode(group.publicKey.pk)))
            let algorithm = try await JWTKeyCollection().add(eddsa: EdDSA.PublicKey(backing: key)).getKey()
            for test in group.tests {
                let (message, signature) = (try #require(Hex.decode(test.msg)), try #require(Hex.decode(test.sig)))
                #expect(try algorithm.verify(signature, signs: message) == (test.result == "valid"), "tcId \(test.tcId)")
                checked += 1
            }
        }
        #expect(checked > 140)
    }
}
