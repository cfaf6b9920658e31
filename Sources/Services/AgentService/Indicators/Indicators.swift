internal import Trading

/// What a run of candles says, in exact decimals. An indicator that needs more candles than there are is nil.
struct Indicators: Codable, Sendable, Equatable {
    /// Candles in an average; Wilder's period for RSI and ATR.
    static let averagePeriod = 20
    static let wilderPeriod = 14

    var last: Trading.Decimal
    /// From the first open to the last close.
    var changePercent: Trading.Decimal
    var high: Trading.Decimal
    var low: Trading.Decimal
    var sma20: Trading.Decimal?
    var ema20: Trading.Decimal?
    /// 0 to 100; over 70 is called overbought, under 30 oversold.
    var rsi14: Trading.Decimal?
    /// The usual range of one candle, in quote.
    var atr14: Trading.Decimal?
    /// The same as a part of the last price.
    var atrPercent: Trading.Decimal?

    /// nil when there is no candle.
    init?(_ bars: [CandleBar]) throws(DecimalError) {
        guard let first = bars.first, let final = bars.last else { return nil }
        let closes = bars.map(\.close)
        last = final.close
        changePercent = try Series.percent(of: final.close - first.open, in: first.open)
        high = bars.map(\.high).max() ?? final.high
        low = bars.map(\.low).min() ?? final.low
        sma20 = try Series.simpleAverage(closes, Self.averagePeriod)
        ema20 = try Series.exponentialAverage(closes, Self.averagePeriod)
        rsi14 = try Series.relativeStrength(closes, Self.wilderPeriod)
        atr14 = try Series.averageTrueRange(bars, Self.wilderPeriod)
        if let atr14 { atrPercent = try Series.percent(of: atr14, in: final.close) }
    }
}
