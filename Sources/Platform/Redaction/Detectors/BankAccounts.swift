/// Bank account numbers (IBAN, ISO 13616): two letters, two check digits and 11 to 30 letters and digits, perhaps in groups of four, whose
/// remainder modulo 97 is 1.
enum BankAccounts {
    private static let lengths = 15...34

    static func find(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.indices.compactMap { start in
            guard bytes[start].isUpper, bytes.byte(start + 1)?.isUpper == true, bytes.byte(start + 2)?.isDigit == true,
                bytes.byte(start + 3)?.isDigit == true, bytes.byte(start - 1)?.isAlphanumeric != true
            else { return nil }
            return account(from: start, in: bytes)
        }
    }

    /// The longest number from here whose check digits are right.
    private static func account(from start: Int, in bytes: [UInt8]) -> Range<Int>? {
        var (index, characters, found) = (start, [UInt8](), Range<Int>?.none)
        while index < bytes.count, characters.count < lengths.upperBound {
            let byte = bytes[index]
            if byte.isUpper || byte.isDigit { characters.append(byte) } else if byte != 0x20 || characters.count % 4 != 0 { break }
            index += 1
            let isWhole = byte != 0x20 && bytes.byte(index)?.isAlphanumeric != true
            if isWhole, lengths.contains(characters.count), remainder(characters) == 1 { found = start..<index }
        }
        return found
    }

    private static func remainder(_ characters: [UInt8]) -> Int {
        (characters.dropFirst(4) + characters.prefix(4)).reduce(0) { rest, byte in
            byte.isDigit ? (rest * 10 + Int(byte - 0x30)) % 97 : (rest * 100 + Int(byte - 0x41) + 10) % 97
        }
    }
}
