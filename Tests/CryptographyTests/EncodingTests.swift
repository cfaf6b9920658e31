import Cryptography
import Testing

@Suite("Encodings")
struct EncodingTests {
    @Test(
        "Base 32 gives RFC 4648's vectors without their padding, and takes them with and without it",
        arguments: [
            ("", ""), ("f", "MY======"), ("fo", "MZXQ===="), ("foo", "MZXW6==="), ("foob", "MZXW6YQ="), ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI======"),
        ])
    func base32Vectors(plain: String, padded: String) {
        let bare = padded.replacing("=", with: "")
        #expect(Base32.encode(Array(plain.utf8)) == bare)
        #expect(Base32.decode(padded) == Array(plain.utf8))
        #expect(Base32.decode(bare.lowercased()) == Array(plain.utf8))
    }

    @Test("Base 32 refuses what encodes nothing", arguments: ["M", "MZX", "MZXW6Y", "MZ", "M1", "MY=====", "MY======A", "MY=", "M Y"])
    func base32Refusals(text: String) {
        #expect(Base32.decode(text) == nil)
    }

    @Test(
        "Base64url is RFC 4648's alphabet without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
        ])
    func base64URLVectors(plain: String, encoded: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == Array(plain.utf8))
    }

    @Test("Base64url uses minus and underscore")
    func base64URLAlphabet() {
        #expect(Base64URL.encode([0xfb, 0xef, 0xff]) == "--__")
        #expect(Base64URL.decode("--__") == [0xfb, 0xef, 0xff])
    }

    @Test("Base64url takes one spelling only", arguments: ["Zg==", "Zh", "Zm9", "Z", "++//", "Zm9v\n", " Zm9v", "Zm9vé"])
    func base64URLRefusals(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("Hexadecimal goes both ways and refuses odd lengths and other characters")
    func hexadecimal() {
        #expect(Hex.encode([0x00, 0x9a, 0xff]) == "009aff")
        #expect(Hex.decode("009AfF") == [0x00, 0x9a, 0xff])
        #expect(Hex.decode("") == [])
        #expect(Hex.decode("0") == nil)
        #expect(Hex.decode("0g") == nil)
        #expect(Hex.decode("+1") == nil)
    }

    @Test("Encodings undo themselves for every length up to 40")
    func roundTrips() {
        for count in 0...40 {
            let bytes = SecureRandom.bytes(count)
            #expect(Base32.decode(Base32.encode(bytes)) == bytes)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
    }
}
