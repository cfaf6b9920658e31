import Crypto
import Cryptography
import Foundation
import Testing

@Suite("Wycheproof", .enabled(if: Vectors.available, "CRYPTOPULSE_TEST_DATA is not set"))
struct WycheproofTests {
    private struct MacGroup: Decodable {
        struct Case: Decodable { let tcId: Int, key, msg, tag, result: String }
        let tagSize: Int
        let tests: [Case]
    }

    private struct AeadGroup: Decodable {
        struct Case: Decodable { let tcId: Int, key, iv, aad, msg, ct, tag, result: String }
        let ivSize, keySize, tagSize: Int
        let tests: [Case]
    }

    @Test("HMAC-SHA256 agrees on every untruncated tag")
    func hmac() throws {
        var checked = 0
        for group in try Vectors.wycheproof("hmac_sha256_test", as: MacGroup.self) where group.tagSize == 256 {
            for test in group.tests {
                let key = SymmetricKey(data: try #require(Hex.decode(test.key)))
                let tag = Hashing.hmacSHA256(try #require(Hex.decode(test.msg)), key: key)
                #expect((Hex.encode(tag) == test.tag) == (test.result == "valid"), "tcId \(test.tcId)")
                checked += 1
            }
        }
        #expect(checked > 50)
    }

    private struct WrapGroup: Decodable {
        struct Case: Decodable { let tcId: Int, key, msg, ct, result: String }
        let keySize: Int
        let tests: [Case]
    }

    private struct DerivationGroup: Decodable {
        struct Case: Decodable { let tcId: Int, ikm, salt, info: String, size: Int, okm, result: String }
        let tests: [Case]
    }

    private struct SignatureGroup: Decodable {
        struct PublicKey: Decodable { let uncompressed, pk: String? }
        struct Case: Decodable { let tcId: Int, msg, sig, result: String }
        let publicKey: PublicKey
        let tests: [Case]
    }

    /// The cipher of `ColumnCipher` and sealed files.
    @Test("AES-256-GCM opens what is valid and refuses the rest")
    func aesGCM() throws {
        var checked = 0
        let groups = try Vectors.wycheproof("aes_gcm_test", as: AeadGroup.self)
        for group in groups where group.keySize == 256 && group.ivSize == 96 && group.tagSize == 128 {
            for test in group.tests {
                #expect(try Self.opens(test) == (test.result == "valid"), "tcId \(test.tcId)")
                checked += 1
            }
        }
        #expect(checked > 50)
    }

    @Test("AES-256-KWP wraps as every valid vector says, unwraps it, and refuses the rest")
    func keyWrapping() throws {
        var checked = 0
        for group in try Vectors.wycheproof("aes_kwp_test", as: WrapGroup.self) where group.keySize == 256 {
            for test in group.tests {
                let (key, message, wrapped) = (try Self.bytes(test.key), try Self.bytes(test.msg), try Self.bytes(test.ct))
                let opened = key.withUnsafeBytes { key in wrapped.withUnsafeBytes { try? PaddedKeyWrapping.unwrap($0, under: key) } }
                #expect((opened == message) == (test.result == "valid"), "tcId \(test.tcId)")
                // An invalid vector opens to nothing at all.
                if test.result != "valid" { #expect(opened == nil, "tcId \(test.tcId)") }
                if test.result == "valid" {
                    #expect(try key.withUnsafeBytes { key in try message.withUnsafeBytes { try PaddedKeyWrapping.wrap($0, under: key) } } == wrapped)
                }
                checked += 1
            }
        }
        #expect(checked > 80)
    }

    @Test("HKDF-SHA256 derives every vector's key")
    func derivation() throws {
        var checked = 0
        for test in try Vectors.wycheproof("hkdf_sha256_test", as: DerivationGroup.self).flatMap(\.tests) {
            let key = Hashing.hkdfSHA256(
                SymmetricKey(data: try Self.bytes(test.ikm)), salt: try Self.bytes(test.salt), info: try Self.bytes(test.info), length: test.size)
            let derived = key.withUnsafeBytes { Hex.encode($0) }
            // The invalid ones ask for more than HKDF can give: what comes is shorter.
            #expect((derived == test.okm && derived.count == 2 * test.size) == (test.result == "valid"), "tcId \(test.tcId)")
            checked += 1
        }
        #expect(checked > 80)
    }

    /// What certificates and devices sign with.
    @Test("ECDSA P-256 agrees with every vector, DER and raw", arguments: [("ecdsa_secp256r1_sha256_test", true), ("ecdsa_secp256r1_sha256_p1363_test", false)])
    func ecdsa(name: String, isDER: Bool) throws {
        var checked = 0
        for group in try Vectors.wycheproof(name, as: SignatureGroup.self) {
            let key = try P256.Signing.PublicKey(x963Representation: try Self.bytes(try #require(group.publicKey.uncompressed)))
            for test in group.tests {
                let bytes = try Self.bytes(test.sig)
                let signature = isDER ? try? P256.Signing.ECDSASignature(derRepresentation: bytes) : try? .init(rawRepresentation: bytes)
                let message = try Self.bytes(test.msg)
                #expect((signature.map { key.isValidSignature($0, for: message) } ?? false) == (test.result == "valid"), "tcId \(test.tcId)")
                checked += 1
            }
        }
        #expect(checked > 250)
    }

    /// What exchange requests, tokens and the log are signed with.
    @Test("Ed25519 agrees with every vector")
    func ed25519() throws {
        var checked = 0
        for group in try Vectors.wycheproof("ed25519_test", as: SignatureGroup.self) {
            let key = try Curve25519.Signing.PublicKey(rawRepresentation: try Self.bytes(try #require(group.publicKey.pk)))
            for test in group.tests {
                let (signature, message) = (try Self.bytes(test.sig), try Self.bytes(test.msg))
                #expect(key.isValidSignature(signature, for: message) == (test.result == "valid"), "tcId \(test.tcId)")
                checked += 1
            }
        }
        #expect(checked > 140)
    }

    private static func bytes(_ hex: String) throws -> [UInt8] {
        try #require(Hex.decode(hex))
    }

    private static func opens(_ test: AeadGroup.Case) throws -> Bool {
        let key = SymmetricKey(data: try #require(Hex.decode(test.key)))
        let sealed = try #require(Hex.decode(test.iv + test.ct + test.tag))
        let data = try #require(Hex.decode(test.aad))
        guard let opened = try? AuthenticatedCipher.open(sealed, under: key, authenticating: data) else { return false }
        let nonce = try AES.GCM.Nonce(data: try #require(Hex.decode(test.iv)))
        #expect(try AuthenticatedCipher.seal(opened, under: key, authenticating: data, nonce: nonce) == sealed, "tcId \(test.tcId)")
        return Hex.encode(opened) == test.msg
    }
}
