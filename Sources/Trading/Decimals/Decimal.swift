/// An exact decimal number: what money and quantities are made of. Never rounds unless told to, never traps.
///
/// At most 38 digits, at most 18 of them after the point. Equal values are equal bit by bit: there is one representation of each.
/// Where Foundation is imported too, write `Trading.Decimal`.
public struct Decimal: Sendable, Hashable {
    /// Digits of the mantissa, 38.
    public static let maxDigits = 38
    /// Digits after the point, 18.
    public static let maxScale = 18
    public static let zero = Decimal(0)
    public static let one = Decimal(1)

    /// The absolute value is `unsigned × 10^-scale`; `unsigned` ends in a zero digit only when `scale` is 0.
    let unsigned: UInt128
    let scale: Int
    /// Never true of zero.
    public let isNegative: Bool

    /// 10^38: the first mantissa that has too many digits.
    static let mantissaLimit = powerOfTen(maxDigits)

    /// - Throws: `.overflow` when the value has more than 38 digits, `.inexact` when it needs more than 18 after the point.
    init(negative: Bool, unsigned: UInt128, scale: Int) throws(DecimalError) {
        var digits = unsigned
        var places = scale
        while places > 0, digits % 10 == 0 {
            digits /= 10
            places -= 1
        }
        guard places <= Decimal.maxScale else { throw .inexact }
        guard digits < Decimal.mantissaLimit else { throw .overflow }
        self.unsigned = digits
        self.scale = digits == 0 ? 0 : places
        isNegative = negative && digits != 0
    }

    public init(_ value: Int64) {
        unsigned = UInt128(value.magnitude)
        scale = 0
        isNegative = value < 0
    }

    public var isZero: Bool { unsigned == 0 }
    /// More than zero.
    public var isPositive: Bool { unsigned != 0 && !isNegative }
    public var magnitude: Decimal { isNegative ? -self : self }

    public static prefix func - (value: Decimal) -> Decimal {
        Decimal(unchecked: value.unsigned, scale: value.scale, negative: !value.isNegative)
    }

    /// For values known to be in range and normal.
    private init(unchecked unsigned: UInt128, scale: Int, negative: Bool) {
        self.unsigned = unsigned
        self.scale = scale
        isNegative = negative && unsigned != 0
    }

    /// 10^exponent, 0 ≤ exponent ≤ 38.
    static func powerOfTen(_ exponent: Int) -> UInt128 {
        (0..<exponent).reduce(1) { power, _ in power * 10 }
    }
}
