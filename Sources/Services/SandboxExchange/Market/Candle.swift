import Trading

/// Prices and volume of one interval. Times are milliseconds since 1970 UTC.
struct Candle: Sendable, Equatable {
    var openTime: Int64
    var open: Decimal
    var high: Decimal
    var low: Decimal
    var close: Decimal
    /// In the base asset.
    var volume: Decimal
    /// Inclusive.
    var closeTime: Int64
    var quoteVolume: Decimal
    var trades: Int64
    var takerBuyVolume: Decimal
    var takerBuyQuoteVolume: Decimal

    /// Joins the candle that follows.
    mutating func extend(by next: Candle) throws {
        high = max(high, next.high)
        low = min(low, next.low)
        close = next.close
        volume = try volume + next.volume
        quoteVolume = try quoteVolume + next.quoteVolume
        trades += next.trades
        takerBuyVolume = try takerBuyVolume + next.takerBuyVolume
        takerBuyQuoteVolume = try takerBuyQuoteVolume + next.takerBuyQuoteVolume
    }
}
