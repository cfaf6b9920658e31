/// RFC 4648: writes the standard alphabet with padding, reads that and the URL-safe one (section 5), padded or not.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    /// By character; 0xff where it is none of either alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xff, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        values[Int(UInt8(ascii: "-"))] = 62
        values[Int(UInt8(ascii: "_"))] = 63
        return values
    }()

    package static func encode(_ bytes: some Collection<UInt8>, into output: inout [UInt8]) {
        var (bits, count) = (UInt32(0), 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                output.append(alphabet[Int(bits >> UInt32(count) & 0x3f)])
            }
        }
        guard count > 0 else { return }
        output.append(alphabet[Int(bits << UInt32(6 - count) & 0x3f)])
        output.append(contentsOf: repeatElement(padding, count: count == 2 ? 2 : 1))
    }

    /// - Returns: nil for anything but one of the alphabets. Bits beyond the last byte are ignored, as every protobuf runtime does.
    package static func decode(_ text: String) -> [UInt8]? {
        let padded = Array(text.utf8)
        let paddings = padded.reversed().prefix { $0 == padding }.count
        let characters = padded.dropLast(paddings)
        guard characters.count % 4 != 1, paddings == 0 || (padded.count % 4 == 0 && paddings <= 2) else { return nil }
        var (bits, count, output) = (UInt32(0), 0, [UInt8]())
        output.reserveCapacity(characters.count / 4 * 3 + 2)
        for character in characters {
            let value = values[Int(character)]
            guard value != 0xff else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            output.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return output
    }
}
