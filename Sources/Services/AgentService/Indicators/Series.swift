internal import Trading

/// The arithmetic of indicators. Divisions are rounded half-even to 12 digits after the point, percentages to 2; all else is exact.
enum Series {
    private static let scale = 12
    private static let percentScale = 2
    private static let hundred = Decimal(100)

    static func percent(of part: Decimal, in whole: Decimal) throws(DecimalError) -> Decimal {
        try part.multiplied(by: hundred, scale: scale, rounding: .halfEven).divided(by: whole, scale: percentScale, rounding: .halfEven)
    }

    /// Mean of the last `period` values; nil when there are fewer.
    static func simpleAverage(_ values: [Decimal], _ period: Int) throws(DecimalError) -> Decimal? {
        guard period > 0, values.count >= period else { return nil }
        return try mean(values.suffix(period))
    }

    /// Weight 2 / (period + 1) on the newest; starts at the mean of the first `period` values.
    static func exponentialAverage(_ values: [Decimal], _ period: Int) throws(DecimalError) -> Decimal? {
        guard period > 0, values.count >= period else { return nil }
        var average = try mean(values.prefix(period))
        for value in values.dropFirst(period) {
            let weighted = try value * Decimal(2) + average.multiplied(by: Decimal(Int64(period - 1)), scale: scale, rounding: .halfEven)
            average = try weighted.divided(by: Decimal(Int64(period + 1)), scale: scale, rounding: .halfEven)
        }
        return average
    }

    /// Wilder's relative strength index, 0 to 100. Needs `period` changes.
    static func relativeStrength(_ values: [Decimal], _ period: Int) throws(DecimalError) -> Decimal? {
        guard period > 0, values.count > period else { return nil }
        var gains: [Decimal] = []
        var losses: [Decimal] = []
        for (before, after) in zip(values, values.dropFirst()) {
            let change = try after - before
            gains.append(change.isNegative ? .zero : change)
            losses.append(change.isNegative ? change.magnitude : .zero)
        }
        let (gain, loss) = (try wilder(gains, period), try wilder(losses, period))
        let sum = try gain + loss
        // No movement at all is neither strong nor weak.
        return sum.isZero ? Decimal(50) : try percent(of: gain, in: sum)
    }

    /// Wilder's average true range. Needs `period` candles after the first.
    static func averageTrueRange(_ bars: [CandleBar], _ period: Int) throws(DecimalError) -> Decimal? {
        guard period > 0, bars.count > period else { return nil }
        var ranges: [Decimal] = []
        for (before, bar) in zip(bars, bars.dropFirst()) {
            let reach = try [bar.high - bar.low, (bar.high - before.close).magnitude, (bar.low - before.close).magnitude]
            ranges.append(reach.max() ?? .zero)
        }
        return try wilder(ranges, period)
    }

    /// Wilder's smoothing: the mean of the first `period`, then 1 / period of each newer value.
    private static func wilder(_ values: [Decimal], _ period: Int) throws(DecimalError) -> Decimal {
        var average = try mean(values.prefix(period))
        for value in values.dropFirst(period) {
            let weighted = try value + average.multiplied(by: Decimal(Int64(period - 1)), scale: scale, rounding: .halfEven)
            average = try weighted.divided(by: Decimal(Int64(period)), scale: scale, rounding: .halfEven)
        }
        return average
    }

    private static func mean(_ values: ArraySlice<Decimal>) throws(DecimalError) -> Decimal {
        var sum = Decimal.zero
        for value in values { sum = try sum + value }
        return try sum.divided(by: Decimal(Int64(values.count)), scale: scale, rounding: .halfEven)
    }
}
