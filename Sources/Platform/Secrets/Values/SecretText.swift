internal import Cryptography
internal import FoundationEssentials

/// Secret bytes written as text, where a place holds nothing else: an environment variable, a file that a person fills.
package enum SecretText {
    private static let (hex, base64) = (Array("hex:".utf8), Array("base64:".utf8))

    /// `hex:…` and `base64:…` are decoded; any other text is itself.
    package static func decode(_ text: SecretBytes) throws(SecretStoreError.Cause) -> SecretBytes {
        var bytes = text.withUnsafeBytes(Array.init)
        defer { bytes.withUnsafeMutableBytes(SecretBytes.wipe) }
        if bytes.starts(with: hex) { return try decode(bytes.dropFirst(hex.count), as: "hex") { Hex.decode($0) } }
        if bytes.starts(with: base64) {
            return try decode(bytes.dropFirst(base64.count), as: "base64") { Data(base64Encoded: $0).map(Array.init) }
        }
        return text
    }

    /// A key of exactly so many bytes: raw, or in hexadecimal or as `hex:` or `base64:`, with white space after it.
    package static func key(_ text: SecretBytes, size: Int) throws(SecretStoreError.Cause) -> SecretBytes {
        if text.count == size { return text }
        let decoded = try decode(line(text))
        if decoded.count == size { return decoded }
        guard decoded.count == 2 * size else { throw .unusable("a key has \(size) bytes or \(2 * size) hexadecimal digits") }
        return try decode(decoded.withUnsafeBytes(Array.init)[...], as: "hex") { Hex.decode($0) }
    }

    /// Without white space at its end: what an editor or `echo` leaves.
    package static func line(_ text: SecretBytes) -> SecretBytes {
        text.withUnsafeBytes { bytes in
            let end = bytes.lastIndex { $0 > UInt8(ascii: " ") }.map { $0 + 1 } ?? 0
            return end == bytes.count ? text : SecretBytes(copying: bytes[..<end])
        }
    }

    private static func decode(
        _ text: ArraySlice<UInt8>, as encoding: String, _ body: (String) -> [UInt8]?
    ) throws(SecretStoreError.Cause) -> SecretBytes {
        guard var bytes = body(String(decoding: text, as: UTF8.self)), !bytes.isEmpty else {
            throw .unusable("it says that it is \(encoding), and is not")
        }
        return SecretBytes(taking: &bytes)
    }
}
