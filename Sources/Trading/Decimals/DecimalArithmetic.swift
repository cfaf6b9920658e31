extension Decimal {
    /// Exact.
    ///
    /// - Throws: `.overflow`.
    public static func + (left: Decimal, right: Decimal) throws(DecimalError) -> Decimal {
        let places = max(left.scale, right.scale)
        let a = try left.aligned(to: places)
        let b = try right.aligned(to: places)
        guard left.isNegative != right.isNegative else {
            let (sum, overflow) = a.addingReportingOverflow(b)
            guard !overflow else { throw .overflow }
            return try Decimal(negative: left.isNegative, unsigned: sum, scale: places)
        }
        return a >= b
            ? try Decimal(negative: left.isNegative, unsigned: a - b, scale: places)
            : try Decimal(negative: right.isNegative, unsigned: b - a, scale: places)
    }

    /// Exact.
    ///
    /// - Throws: `.overflow`.
    public static func - (left: Decimal, right: Decimal) throws(DecimalError) -> Decimal {
        try left + (-right)
    }

    /// Exact.
    ///
    /// - Throws: `.overflow`; `.inexact` when the product needs more than 18 digits after the point.
    public static func * (left: Decimal, right: Decimal) throws(DecimalError) -> Decimal {
        var product = WideUnsigned(left.unsigned, times: right.unsigned)
        var places = left.scale + right.scale
        while places > 0 {
            let (quotient, remainder) = product.divided(by: 10)
            guard remainder == 0 else { break }
            product = quotient
            places -= 1
        }
        guard places <= maxScale else { throw .inexact }
        return try Decimal(negative: left.isNegative != right.isNegative, unsigned: product.narrow(), scale: places)
    }

    /// The product rounded to `scale` digits after the point.
    ///
    /// - Throws: `.overflow`; `.inexact` when `scale` is not 0 to 18.
    public func multiplied(by other: Decimal, scale places: Int = maxScale, rounding: DecimalRounding) throws(DecimalError) -> Decimal {
        guard (0...Decimal.maxScale).contains(places) else { throw .inexact }
        let product = WideUnsigned(unsigned, times: other.unsigned)
        let surplus = scale + other.scale - places
        guard surplus > 0 else { return try self * other }
        let divisor = Decimal.powerOfTen(surplus)
        let (quotient, remainder) = product.divided(by: divisor)
        return try Decimal(
            negative: isNegative != other.isNegative,
            unsigned: rounding.apply(quotient: quotient.narrow(), remainder: remainder, divisor: divisor), scale: places)
    }

    /// The quotient rounded to `scale` digits after the point.
    ///
    /// - Throws: `.notPositive` when `other` is zero, `.overflow`; `.inexact` when `scale` is not 0 to 18.
    public func divided(by other: Decimal, scale places: Int = maxScale, rounding: DecimalRounding) throws(DecimalError) -> Decimal {
        guard !other.isZero else { throw .notPositive }
        guard (0...Decimal.maxScale).contains(places) else { throw .inexact }
        let exponent = places + other.scale - scale
        let numerator = WideUnsigned(unsigned, times: Decimal.powerOfTen(max(0, exponent)))
        let (divisor, tooBig) = other.unsigned.multipliedReportingOverflow(by: Decimal.powerOfTen(max(0, -exponent)))
        // A divisor beyond 2^128 is more than three times any mantissa: the quotient is zero, and less than half.
        let (quotient, remainder) = tooBig ? (WideUnsigned(0, times: 0), unsigned) : numerator.divided(by: divisor)
        let rounded = try rounding.apply(quotient: quotient.narrow(), remainder: remainder, divisor: tooBig ? .max : divisor)
        return try Decimal(negative: isNegative != other.isNegative, unsigned: rounded, scale: places)
    }

    /// The mantissa that this value has at a scale of `places`, which is not less than its own.
    func aligned(to places: Int) throws(DecimalError) -> UInt128 {
        let (digits, overflow) = unsigned.multipliedReportingOverflow(by: Decimal.powerOfTen(places - scale))
        guard !overflow else { throw .overflow }
        return digits
    }
}

extension Decimal: Comparable {
    public static func < (left: Decimal, right: Decimal) -> Bool {
        guard left.isNegative == right.isNegative else { return left.isNegative }
        let (a, b) = (left.split, right.split)
        let smaller = a.whole == b.whole ? a.fraction < b.fraction : a.whole < b.whole
        return left != right && smaller != left.isNegative
    }

    /// The part before the point, and the part after it in units of 10^-18: neither can overflow.
    private var split: (whole: UInt128, fraction: UInt128) {
        let unit = Decimal.powerOfTen(scale)
        return (unsigned / unit, unsigned % unit * Decimal.powerOfTen(Decimal.maxScale - scale))
    }
}
