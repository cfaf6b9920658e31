extension Decimal: LosslessStringConvertible, CustomStringConvertible {
    /// The canonical form only (proto/PROTOCOL.md): `-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?`, ASCII digits, no negative zero.
    public init?(_ text: String) {
        guard let value = try? Decimal(canonical: text) else { return nil }
        self = value
    }

    /// Parses the canonical form: one spelling for each value.
    ///
    /// - Throws: `.malformed` for any other spelling ("1.0", "+1", ".5", "01", "1e3", "-0", other scripts' digits), `.overflow`, `.inexact`.
    public init(canonical text: String) throws(DecimalError) {
        let value = try Decimal(plain: text)
        guard value.description.utf8.elementsEqual(text.utf8) else { throw .malformed }
        self = value
    }

    /// Parses what exchanges write: `-?[0-9]+(\.[0-9]+)?`, so zeros at either end are allowed ("0.01000000").
    ///
    /// - Throws: `.malformed`, `.overflow`, `.inexact`.
    public init(plain text: String) throws(DecimalError) {
        let negative = text.utf8.first == UInt8(ascii: "-")
        let parts = text.utf8.dropFirst(negative ? 1 : 0).split(
            separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.count <= Decimal.maxTextDigits }) else { throw .malformed }
        let whole = parts[0]
        let fraction = parts.count == 2 ? parts[1] : whole[whole.endIndex...]
        let places = fraction.reversed().drop { $0 == UInt8(ascii: "0") }.count
        var digits: UInt128 = 0
        for byte in [Array(whole), Array(fraction.prefix(places))].joined() {
            digits = try Decimal.append(byte, to: digits)
        }
        guard fraction.dropFirst(places).allSatisfy({ $0 == UInt8(ascii: "0") }) else { throw .malformed }
        try self.init(negative: negative, unsigned: digits, scale: places)
    }

    /// A limit on the length of either part of a text, so that work is bounded before digits are counted.
    private static let maxTextDigits = 64

    private static func append(_ byte: UInt8, to digits: UInt128) throws(DecimalError) -> UInt128 {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { throw .malformed }
        guard digits < mantissaLimit / 10 else { throw .overflow }
        return digits * 10 + UInt128(byte - UInt8(ascii: "0"))
    }

    /// The canonical form.
    public var description: String { text(minimumScale: 0) }

    /// The canonical form with zeros added until there are `minimumScale` digits after the point, as exchanges write it: "0.01000000".
    public func text(minimumScale: Int) -> String {
        let digits = String(unsigned)
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.utf8.count)) + digits
        let whole = padded.dropLast(scale)
        let fraction = padded.suffix(scale) + String(repeating: "0", count: max(0, minimumScale - scale))
        return (isNegative ? "-" : "") + whole + (fraction.isEmpty ? "" : "." + fraction)
    }
}

extension Decimal: Codable {
    /// Reads the canonical string.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Decimal(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a canonical decimal")
        }
        self = value
    }

    /// Writes the canonical string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
