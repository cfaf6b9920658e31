/// Telephone numbers: international (ITU-T E.164, `+` and at most 15 digits) and North American with their hyphens. A plain run of digits is
/// an amount, an id or a time.
enum PhoneNumbers {
    private static let international = 9...15
    /// With separators.
    private static let longest = 32

    static func find(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.indices.compactMap { index in
            switch bytes[index] {
            case UInt8(ascii: "+"): international(from: index, in: bytes)
            case UInt8(ascii: "-"): northAmerican(around: index, in: bytes)
            default: nil
            }
        }
    }

    private static func international(from plus: Int, in bytes: [UInt8]) -> Range<Int>? {
        guard bytes.byte(plus - 1)?.isAlphanumeric != true, let first = bytes.byte(plus + 1), first.isDigit, first != UInt8(ascii: "0") else {
            return nil
        }
        var (index, digits, end) = (plus + 1, 0, plus + 1)
        while index < bytes.count, index - plus < longest, bytes[index].isDigit || bytes[index].isOne(of: " -()/") {
            if bytes[index].isDigit { (digits, end) = (digits + 1, index + 1) }
            index += 1
        }
        // `+123456789.50` is an amount.
        let isAmount = bytes.byte(end)?.isOne(of: ".,") == true && bytes.byte(end + 1)?.isDigit == true
        return international.contains(digits) && !isAmount ? plus..<end : nil
    }

    /// - Parameter hyphen: the last one: 555-123-4567, (555) 123-4567.
    private static func northAmerican(around hyphen: Int, in bytes: [UInt8]) -> Range<Int>? {
        guard digits(4, from: hyphen + 1, in: bytes), bytes.byte(hyphen + 5)?.isAlphanumeric != true, bytes.byte(hyphen + 5) != UInt8(ascii: "-"),
            digits(3, from: hyphen - 3, in: bytes), let separator = bytes.byte(hyphen - 4)
        else { return nil }
        let close = separator == UInt8(ascii: " ") ? hyphen - 5 : hyphen - 4
        let isParenthesised = bytes.byte(close) == UInt8(ascii: ")")
        guard isParenthesised || separator == UInt8(ascii: "-") else { return nil }
        let area = close - 3
        guard digits(3, from: area, in: bytes), !isParenthesised || bytes.byte(area - 1) == UInt8(ascii: "(") else { return nil }
        let start = isParenthesised ? area - 1 : area
        guard bytes.byte(start - 1)?.isAlphanumeric != true, bytes.byte(start - 1) != UInt8(ascii: "-") else { return nil }
        return start..<(hyphen + 5)
    }

    private static func digits(_ count: Int, from start: Int, in bytes: [UInt8]) -> Bool {
        (0..<count).allSatisfy { bytes.byte(start + $0)?.isDigit == true }
    }
}
