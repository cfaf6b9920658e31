import Crypto
import Cryptography
import Foundation
import Identity
import Testing

@Suite("Token syntax")
struct TokenSyntaxTests {
    private let forge = TokenForge()

    private func expectMalformed(_ token: String, _ location: SourceLocation = #_sourceLocation) async {
        await #expect(throws: TokenFailure.malformed, sourceLocation: location) { try await forge.verify(token) }
    }

    @Test("Anything but three parts is refused")
    func parts() async throws {
        let token = try forge.token()
        let parts = token.split(separator: ".").map(String.init)
        for text in [
            "", ".", "..", "...", parts[0], parts[0] + "." + parts[1], token + ".", "." + token, token + ".AAAA", token + "." + parts[2],
            parts[0] + ".." + parts[2], parts[0] + "." + parts[1] + ".",
        ] {
            await expectMalformed(text)
        }
    }

    @Test("Trailing or leading bytes are refused", arguments: [" ", "\n", "\0", "=", "A", "%20", "é"])
    func trailingGarbage(text: String) async throws {
        let token = try forge.token()
        await expectMalformed(token + text)
        await #expect(throws: TokenFailure.self) { try await forge.verify(text + token) }
    }

    @Test("Padding and the standard alphabet are refused in every part")
    func otherSpellings() async throws {
        let parts = try forge.token().split(separator: ".").map(String.init)
        for index in 0..<3 {
            var padded = parts
            padded[index] += String(repeating: "=", count: (4 - parts[index].count % 4) % 4)
            if padded != parts { await expectMalformed(padded.joined(separator: ".")) }
            var standard = parts
            standard[index] = standard[index].replacing("-", with: "+").replacing("_", with: "/")
            if standard != parts { await expectMalformed(standard.joined(separator: ".")) }
        }
        // 64 bytes leave four unused bits in the signature's last character: any but zero is another spelling of the same bytes.
        let last = try #require(parts[2].last)
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" where other != last {
            await #expect(throws: TokenFailure.self) {
                try await forge.verify(parts[0] + "." + parts[1] + "." + parts[2].dropLast() + String(other))
            }
        }
    }

    @Test("An oversized token is refused before it is decoded")
    func size() async throws {
        let token = try forge.token(claims: ["filler": String(repeating: "x", count: 4096)])
        await expectMalformed(token)
    }

    @Test("Repeated members are refused in header and payload, also behind an escape")
    func duplicates() async throws {
        let header = String(decoding: try forge.json(forge.header), as: UTF8.self)
        let payload = String(decoding: try forge.json(forge.claims), as: UTF8.self)
        for member in [#""alg":"EdDSA""#, #""\u0061lg":"none""#] {
            await expectMalformed(try forge.sign(adding(member, to: header), Array(payload.utf8)))
        }
        for member in [#""sub":"6f1c2a9e-0d3b-4f5a-8b7c-1e2d3c4b5a69""#, #""\u0073ub":"x""#, #""x":{"a":1,"a":2}"#] {
            await expectMalformed(try forge.sign(Array(header.utf8), adding(member, to: payload)))
        }
    }

    private func adding(_ member: String, to object: String) -> [UInt8] {
        Array("\(object.dropLast()),\(member)}".utf8)
    }

    @Test(
        "A header or payload that is not one JSON object is refused",
        arguments: [
            "", "[]", "null", "\"a\"", "{", "}", "{}{}", "{\"a\":1}x", "{\"a\":1,}", "\u{feff}{\"alg\":\"EdDSA\"}",
            "{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}",
        ])
    func notAnObject(text: String) async throws {
        let (header, payload) = (try forge.json(forge.header), try forge.json(forge.claims))
        await #expect(throws: TokenFailure.self) { try await forge.verify(forge.sign(Array(text.utf8), payload)) }
        await #expect(throws: TokenFailure.self) { try await forge.verify(forge.sign(header, Array(text.utf8))) }
        await #expect(throws: TokenFailure.self) { try await forge.verify(forge.sign(header, [0xff, 0xfe] + payload)) }
    }

    @Test("No sequence of random bytes passes or crashes")
    func garbage() async {
        for round in 0..<2000 {
            let parts = (0..<3).map { _ in Base64URL.encode(SecureRandom.bytes(round % 90)) }
            await #expect(throws: TokenFailure.self) { try await forge.verify(parts.joined(separator: ".")) }
        }
    }
}
