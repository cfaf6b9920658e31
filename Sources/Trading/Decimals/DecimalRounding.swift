/// What happens to digits that do not fit.
public enum DecimalRounding: Sendable {
    /// Towards zero.
    case down
    /// Away from zero.
    case up
    /// To the nearest; a half to the even digit.
    case halfEven

    func apply(quotient: UInt128, remainder: UInt128, divisor: UInt128) throws(DecimalError) -> UInt128 {
        guard carries(quotient: quotient, remainder: remainder, divisor: divisor) else { return quotient }
        let (next, overflow) = quotient.addingReportingOverflow(1)
        guard !overflow else { throw .overflow }
        return next
    }

    private func carries(quotient: UInt128, remainder: UInt128, divisor: UInt128) -> Bool {
        switch self {
        case .down: false
        case .up: remainder != 0
        case .halfEven:
            // remainder < divisor, so this compares 2 × remainder with divisor without overflow.
            remainder == divisor - remainder ? quotient % 2 == 1 : remainder > divisor - remainder
        }
    }
}

extension Decimal {
    /// The nearest multiple of `step` towards zero: what a quantity becomes under LOT_SIZE.
    ///
    /// - Throws: `.notPositive` when the step is not more than zero, `.overflow` when the multiple has more than 38 digits.
    public func roundedDown(toStep step: Decimal) throws(DecimalError) -> Decimal {
        try self - remainder(step: step)
    }

    /// The nearest multiple of `step` away from zero.
    ///
    /// - Throws: `.notPositive` when the step is not more than zero, `.overflow`.
    public func roundedUp(toStep step: Decimal) throws(DecimalError) -> Decimal {
        let rest = try remainder(step: step)
        guard !rest.isZero else { return self }
        return try self - rest + (isNegative ? -step : step)
    }

    /// Whether this is a whole number of steps.
    ///
    /// - Throws: `.notPositive` when the step is not more than zero.
    public func isMultiple(of step: Decimal) throws(DecimalError) -> Bool {
        try remainder(step: step).isZero
    }

    /// What is left over after whole steps; has the sign of this value.
    private func remainder(step: Decimal) throws(DecimalError) -> Decimal {
        guard step.isPositive else { throw .notPositive }
        let places = max(scale, step.scale)
        // A step whose mantissa does not fit at this scale is larger than any value of this scale.
        guard let divisor = try? step.aligned(to: places) else { return self }
        let wide = WideUnsigned(unsigned, times: Decimal.powerOfTen(places - scale))
        return try Decimal(negative: isNegative, unsigned: wide.divided(by: divisor).remainder, scale: places)
    }

    /// The value with at most `places` digits after the point.
    ///
    /// - Throws: `.overflow`.
    public func rounded(scale places: Int, rounding: DecimalRounding) throws(DecimalError) -> Decimal {
        guard places < scale else { return self }
        return try divided(by: .one, scale: places, rounding: rounding)
    }
}
