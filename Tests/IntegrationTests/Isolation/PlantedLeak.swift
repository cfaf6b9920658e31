import Crypto
import Cryptography
import Foundation

/// A value that lies somewhere in one form only, written there by other code than the search's own.
struct PlantedLeak {
    let value: PlantedValue
    /// As it lies there.
    let bytes: [UInt8]

    var credential: String { value.credential }
    /// Whether it can stand in an environment or on a command line.
    var isText: Bool { bytes.allSatisfy { (0x20...0x7e).contains($0) || $0 == 0x0a } }

    /// One of each form, each of a value of its own: whatever form the search did not know, its value would not be found.
    ///
    /// - Parameter place: where they are to lie; part of their names.
    static func ofEachForm(in place: String) throws -> [PlantedLeak] {
        try symmetric(place) + base64(place) + signing(place)
    }

    private static func leak(_ form: String, _ place: String, _ forms: SecretForms, _ bytes: some Sequence<UInt8>) -> PlantedLeak {
        PlantedLeak(value: PlantedValue(credential: "\(place), \(form)", forms: forms), bytes: Array(bytes))
    }

    private static func symmetric(_ place: String) throws -> [PlantedLeak] {
        func key(_ form: String, _ write: ([UInt8]) -> [UInt8]) -> PlantedLeak {
            let key = SecureRandom.bytes(32)
            return leak(form, place, SecretForms(symmetricKey: key), write(key))
        }
        let purpose = "cryptopulse column cipher v1"
        let root = SymmetricKey(size: .bits256)
        let password = Hex.encode(SecureRandom.bytes(12))
        let seeds = (0..<2).map { _ in SecureRandom.bytes(20) }
        return [
            key("raw") { $0 }, key("little-endian") { $0.reversed() },
            key("small hexadecimal") { Array(Hex.encode($0).utf8) },
            key("large hexadecimal") { $0.flatMap { byte in [byte >> 4, byte & 15].flatMap { String($0, radix: 16, uppercase: true).utf8 } } },
            leak("text", place, SecretForms(text: password), password.utf8),
            leak(
                "derived", place, SecretForms(symmetricKey: root.withUnsafeBytes(Array.init), derivedFor: [purpose]),
                ColumnCipher.derivedKey(from: root).withUnsafeBytes(Array.init)),
            leak("Base32", place, try SecretForms(totpSecret: Base32.encode(seeds[0])), Base32.encode(seeds[0]).utf8),
            leak("small Base32", place, try SecretForms(totpSecret: Base32.encode(seeds[1])), Base32.encode(seeds[1]).lowercased().utf8),
        ]
    }

    /// In both alphabets, beginning at each of the three places inside something longer.
    private static func base64(_ place: String) -> [PlantedLeak] {
        (0..<3).flatMap { lead in
            ["Base64", "Base64URL"].map { alphabet in
                var key: [UInt8] = []
                // One that looks different in the two alphabets.
                repeat { key = SecureRandom.bytes(32) } while !Data(key.dropFirst(3 - lead).prefix(27)).base64EncodedString().contains { "+/".contains($0) }
                let longer = SecureRandom.bytes(lead) + key + SecureRandom.bytes(5)
                let text = alphabet == "Base64" ? Data(longer).base64EncodedString() : Base64URL.encode(longer)
                return leak("\(alphabet) after \(lead)", place, SecretForms(symmetricKey: key), text.utf8)
            }
        }
    }

    private static func signing(_ place: String) throws -> [PlantedLeak] {
        /// RFC 8410.
        let header: [UInt8] = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]
        func seed(_ form: String, _ write: ([UInt8]) -> [UInt8]) -> PlantedLeak {
            let seed = Array(Curve25519.Signing.PrivateKey().rawRepresentation)
            return leak(form, place, SecretForms(ed25519Seed: seed), write(seed))
        }
        func scalar(_ seed: [UInt8]) -> [UInt8] {
            // RFC 8032, 5.1.5: bits 0 to 2 and 255 are cleared, bit 254 is set.
            var scalar = Array(SHA512.hash(data: seed))[..<32]
            for (byte, keep, set) in [(0, UInt8(0b1111_1000), UInt8(0)), (31, 0b0111_1111, 0b0100_0000)] { scalar[byte] = scalar[byte] & keep | set }
            return Array(scalar)
        }
        func pair(_ form: String, _ write: (P256.Signing.PrivateKey) -> [UInt8]) throws -> PlantedLeak {
            let key = P256.Signing.PrivateKey()
            return leak(form, place, try SecretForms(p256: key.pemRepresentation), write(key))
        }
        return [
            seed("Ed25519 in DER") { header + $0 }, seed("Ed25519 scalar", scalar), seed("Ed25519 big-endian scalar") { scalar($0).reversed() },
            seed("Ed25519 little-endian") { $0.reversed() }, try pair("P-256 in DER") { Array($0.derRepresentation) },
            try pair("P-256 in PEM") { Array($0.pemRepresentation.utf8) }, try pair("P-256 scalar") { Array($0.rawRepresentation) },
            try pair("P-256 little-endian") { $0.rawRepresentation.reversed() },
        ]
    }
}

extension Sequence<PlantedLeak> {
    /// All of them, apart from each other, at places that no alignment explains.
    var joined: [UInt8] { flatMap { $0.bytes + [UInt8](repeating: 0x0a, count: .random(in: 1...9)) } }
    var names: Set<String> { Set(map(\.credential)) }
    var text: [PlantedLeak] { filter(\.isText) }
}
