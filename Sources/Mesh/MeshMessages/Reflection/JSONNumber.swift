/// A number in RFC 8259's grammar (section 6), as text: an integer of 64 bits is exact, which a double would not be.
struct JSONNumber {
    let text: String

    enum Integer: Equatable {
        case exactly(isNegative: Bool, magnitude: UInt64)
        /// It has a fraction.
        case none
        /// More than 64 bits.
        case tooLarge
    }

    /// Checked by ``end(in:from:)``.
    init(checked text: String) {
        self.text = text
    }

    /// - Returns: nil if the text as a whole is not a number.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maxBytes, Self.end(in: bytes, from: 0) == bytes.count else { return nil }
        self.text = text
    }

    /// Far more than the digits of any double.
    static let maxBytes = 1_024
    /// Exponents are counted up to here: every number of `maxBytes` digits is then none or too large all the same.
    private static let maxExponent = 1_000_000

    // MARK: - Grammar

    /// Where the number that starts at `start` ends; nil if none starts there.
    static func end(in bytes: [UInt8], from start: Int) -> Int? {
        var position = start
        if byte(bytes, position) == UInt8(ascii: "-") { position += 1 }
        let whole = digits(in: bytes, from: position)
        guard whole > position, byte(bytes, position) != UInt8(ascii: "0") || whole == position + 1 else { return nil }
        position = whole
        if byte(bytes, position) == UInt8(ascii: ".") {
            let fraction = digits(in: bytes, from: position + 1)
            guard fraction > position + 1 else { return nil }
            position = fraction
        }
        guard let mark = byte(bytes, position), mark | 0x20 == UInt8(ascii: "e") else { return position }
        position += 1
        if let sign = byte(bytes, position), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
        let exponent = digits(in: bytes, from: position)
        return exponent > position ? exponent : nil
    }

    private static func digits(in bytes: [UInt8], from start: Int) -> Int {
        var position = start
        while let byte = byte(bytes, position), isDigit(byte) { position += 1 }
        return position
    }

    private static func byte(_ bytes: [UInt8], _ position: Int) -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    // MARK: - Values

    /// Exact, whatever way it is written: `1.50e2` is 150.
    var integer: Integer {
        var (digits, exponent, isNegative) = parts
        while digits.last == 0, !digits.isEmpty {
            digits.removeLast()
            exponent += 1
        }
        guard !digits.isEmpty else { return .exactly(isNegative: isNegative, magnitude: 0) }
        guard exponent >= 0 else { return .none }
        guard exponent <= Self.maxDigits else { return .tooLarge }
        return Self.integer(digits + [UInt64](repeating: 0, count: exponent), isNegative)
    }

    /// More zeros than this make any number too large.
    private static let maxDigits = 20

    private static func integer(_ digits: [UInt64], _ isNegative: Bool) -> Integer {
        var value: UInt64 = 0
        for digit in digits {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = product.addingReportingOverflow(digit)
            guard !overflow, !overflows else { return .tooLarge }
            value = sum
        }
        return .exactly(isNegative: isNegative, magnitude: value)
    }

    /// The digits without the point, and the power of ten that they are multiplied with.
    private var parts: (digits: [UInt64], exponent: Int, isNegative: Bool) {
        let pieces = text.utf8.split(separator: UInt8(ascii: "e"), maxSplits: 1).flatMap { $0.split(separator: UInt8(ascii: "E"), maxSplits: 1) }
        let mantissa = pieces.first ?? text.utf8[...]
        let fraction = mantissa.firstIndex(of: UInt8(ascii: ".")).map { mantissa.distance(from: $0, to: mantissa.endIndex) - 1 } ?? 0
        let digits = mantissa.filter(Self.isDigit).drop { $0 == UInt8(ascii: "0") }.map { UInt64($0 - UInt8(ascii: "0")) }
        let exponent = pieces.count > 1 ? Self.exponent(pieces[1]) : 0
        return (digits, exponent - fraction, mantissa.first == UInt8(ascii: "-"))
    }

    private static func exponent(_ text: Substring.UTF8View) -> Int {
        let magnitude = text.filter(isDigit).reduce(0) { min($0 * 10 + Int($1 - UInt8(ascii: "0")), maxExponent) }
        return text.first == UInt8(ascii: "-") ? -magnitude : magnitude
    }
}
