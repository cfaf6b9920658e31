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

    /// The cipher behind `ColumnCipher`, with the sizes that it uses.
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

    private static func opens(_ test: AeadGroup.Case) throws -> Bool {
        let key = SymmetricKey(data: try #require(Hex.decode(test.key)))
        let sealed = try #require(Hex.decode(test.iv + test.ct + test.tag))
        let data = try #require(Hex.decode(test.aad))
        let opened = try? AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key, authenticating: data)
        return opened.map { Hex.encode($0) == test.msg } ?? false
    }
}
