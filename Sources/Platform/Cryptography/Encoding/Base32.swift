/// Base 32 (RFC 4648 section 6), written without padding as authenticator apps and client order ids want it.
public enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// Upper case, no padding.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for byte in bytes {
            buffer = (buffer & 0x1f) << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[Int(buffer >> UInt32(bits) & 0x1f)])
            }
        }
        if bits > 0 { text.append(alphabet[Int(buffer << UInt32(5 - bits) & 0x1f)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Takes either case, with complete padding or none.
    ///
    /// - Returns: nil for another character, an impossible length, or bits left over that are not zero.
    public static func decode(_ text: String) -> [UInt8]? {
        guard let body = unpadded(Array(text.utf8)), [0, 2, 4, 5, 7].contains(body.count % 8) else { return nil }
        var bytes: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for character in body {
            guard let value = value(of: character) else { return nil }
            buffer = (buffer & 0xff) << 5 | value
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        let leftOver = buffer & (1 << UInt32(bits) - 1)
        return leftOver == 0 ? bytes : nil
    }

    private static func unpadded(_ characters: [UInt8]) -> ArraySlice<UInt8>? {
        let body = characters.prefix { $0 != UInt8(ascii: "=") }
        let padding = characters[body.endIndex...]
        guard padding.isEmpty || (characters.count.isMultiple(of: 8) && padding.count < 8) else { return nil }
        return padding.allSatisfy { $0 == UInt8(ascii: "=") } ? body : nil
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a"))
        case UInt8(ascii: "2")...UInt8(ascii: "7"): UInt32(character - UInt8(ascii: "2")) + 26
        default: nil
        }
    }
}
