import Crypto
import Cryptography
import Foundation

/// A planted value in every form in which it may lie somewhere. DER and PKCS#8 hold a key's bytes as they are, so that the raw form finds them.
struct SecretForms: Equatable {
    struct Form: Equatable {
        let name: String
        let bytes: [UInt8]
    }

    private(set) var forms: [Form]

    /// Text that a person or a program sends: a password, a token.
    init(text: String) {
        forms = Self.encodings(of: Array(text.utf8))
    }

    /// Text that is no secret by itself and shows, in Base64, that one stands there.
    init(inBase64 text: String) {
        forms = Self.base64(Array(text.utf8))
    }

    /// Bytes of a symmetric key. What is derived from it for use is looked for as well.
    init(symmetricKey key: [UInt8], derivedFor purposes: [String] = []) {
        forms = Self.encodings(of: key) + [Form(name: "little-endian", bytes: key.reversed())]
        for purpose in purposes {
            let derived = HKDF<SHA256>.deriveKey(inputKeyMaterial: SymmetricKey(data: key), info: Array(purpose.utf8), outputByteCount: 32)
            forms.append(Form(name: "derived for \(purpose)", bytes: derived.withUnsafeBytes(Array.init)))
        }
    }

    /// An Ed25519 seed; its scalar is the clamped half of its SHA-512 (RFC 8032 section 5.1.5).
    init(ed25519Seed seed: [UInt8]) {
        var scalar = Array(SHA512.hash(data: seed).prefix(32))
        scalar[0] &= 248
        scalar[31] = scalar[31] & 127 | 64
        forms = Self.encodings(of: seed) + [Form(name: "little-endian", bytes: seed.reversed())]
        forms += [Form(name: "scalar", bytes: scalar), Form(name: "big-endian scalar", bytes: scalar.reversed())]
    }

    /// A P-256 key in PEM: its scalar, which OpenSSL keeps little-endian, and the lines of text in which it stands.
    init(p256 pem: String) throws {
        let scalar = Array(try P256.Signing.PrivateKey(pemRepresentation: pem).rawRepresentation)
        forms = Self.encodings(of: scalar) + [Form(name: "little-endian", bytes: scalar.reversed())]
        // The scalar begins in the first line of the Base64 text and ends in the second.
        let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-") }.prefix(2)
        forms += lines.map { Form(name: "PEM", bytes: Array($0.utf8)) }
    }

    /// A TOTP seed, which authenticators take in Base32.
    init(totpSecret base32: String) throws {
        guard let seed = Base32.decode(base32) else { throw NeverHappened(what: "a Base32 secret") }
        forms = Self.encodings(of: seed) + [Form(name: "Base32", bytes: Array(base32.utf8)), Form(name: "Base32", bytes: Array(base32.lowercased().utf8))]
    }

    private static func encodings(of bytes: [UInt8]) -> [Form] {
        let hex = bytes.map { String(format: "%02x", $0) }.joined()
        return [
            Form(name: "raw", bytes: bytes), Form(name: "hexadecimal", bytes: Array(hex.utf8)), Form(name: "hexadecimal", bytes: Array(hex.uppercased().utf8)),
        ] + base64(bytes)
    }

    /// In both alphabets, at each of the three places that the bytes may have in a longer value: only the characters that depend on nothing else.
    private static func base64(_ bytes: [UInt8]) -> [Form] {
        (0..<3).flatMap { lead in
            let text = Data([UInt8](repeating: 0, count: lead) + bytes).base64EncodedString()
            let (first, last) = ((lead * 8 + 5) / 6, (lead + bytes.count) * 8 / 6)
            let sure = text.dropFirst(first).prefix(last - first)
            let url = sure.replacing("+", with: "-").replacing("/", with: "_")
            return [sure, url].map { Form(name: "Base64", bytes: Array($0.utf8)) }
        }
    }
}

/// A value that the search looks for.
struct PlantedValue: Equatable {
    /// The name of its row in the table.
    let credential: String
    let forms: SecretForms
    /// Another value has taken its place.
    var isReplaced = false
}
