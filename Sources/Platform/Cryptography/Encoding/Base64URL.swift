internal import FoundationEssentials

/// Base 64 with the URL and filename safe alphabet, without padding (RFC 4648 section 5, as RFC 7515 section 2 uses it).
public enum Base64URL {
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for character in Data(bytes).base64EncodedData() {
            switch character {
            case UInt8(ascii: "+"): text.append(UInt8(ascii: "-"))
            case UInt8(ascii: "/"): text.append(UInt8(ascii: "_"))
            case UInt8(ascii: "="): break
            default: text.append(character)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Only the canonical text of some bytes is taken, so that one value has one spelling.
    ///
    /// - Returns: nil for padding, another alphabet, white space or stray trailing bits.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var standard: [UInt8] = []
        for character in text.utf8 {
            switch character {
            case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
            default: standard.append(character)
            }
        }
        standard.append(contentsOf: repeatElement(UInt8(ascii: "="), count: (4 - standard.count % 4) % 4))
        guard let bytes = Data(base64Encoded: Data(standard)).map(Array.init), encode(bytes) == text else { return nil }
        return bytes
    }
}
