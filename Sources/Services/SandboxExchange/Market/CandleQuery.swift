import Trading

/// A question for candles, as `GET /api/v3/klines` puts it.
struct CandleQuery: Sendable {
    var interval: CandleInterval
    /// Open times, both inclusive.
    var start: Int64?
    var end: Int64?
    var limit: Int

    /// Candles up to market time `now`, oldest first: the first ones from `start`, else the last ones up to `end`.
    ///
    /// The candle that is still open shows its whole range and, as its close, the price at `now`: the range of a minute is fixed
    /// when it begins, so that every trade in it lies inside what clients see.
    func candles(of market: Market, now: Int64) throws -> [Candle] {
        let span = market.source.span
        let first = max(start ?? span.lowerBound, span.lowerBound)
        let last = min(end ?? now, now, span.upperBound)
        guard first <= last, interval.milliseconds >= market.source.interval.milliseconds else { return [] }
        var openTime = interval.openTime(of: first)
        if openTime < first, start != nil { openTime += interval.milliseconds }
        let newest = interval.openTime(of: last)
        if start == nil { openTime = max(openTime, newest - Int64(limit - 1) * interval.milliseconds) }
        var candles: [Candle] = []
        while openTime <= newest, candles.count < limit {
            if let candle = try candle(of: market, openTime: openTime, now: now) { candles.append(candle) }
            openTime += interval.milliseconds
        }
        return candles
    }

    private func candle(of market: Market, openTime: Int64, now: Int64) throws -> Candle? {
        let closeTime = openTime + interval.milliseconds - 1
        guard closeTime > now else {
            return try market.longCandles.candle(openTime: openTime, length: interval) {
                try market.source.candle(openTime: openTime, length: interval)
            }
        }
        var whole = try market.source.joined(openTime: openTime, through: now) { candle in
            candle.closeTime > now ? try market.unfinished(candle, now: now) : candle
        }
        whole?.openTime = openTime
        whole?.closeTime = closeTime
        return whole
    }
}

extension Market {
    /// The open candle at `now`: close is the price, volumes have come in proportion.
    fileprivate func unfinished(_ candle: Candle, now: Int64) throws -> Candle {
        let path = PricePath(candle: candle, tickSize: rules.tickSize)
        let beat = path.beat(at: now)
        let share = try Decimal(Int64(beat + 1)).divided(by: Decimal(Int64(PricePath.beats)), scale: 8, rounding: .down)
        var seen = candle
        seen.close = try path.price(beat: beat)
        seen.volume = try candle.volume.multiplied(by: share, scale: 8, rounding: .down)
        seen.quoteVolume = try candle.quoteVolume.multiplied(by: share, scale: 8, rounding: .down)
        seen.takerBuyVolume = try candle.takerBuyVolume.multiplied(by: share, scale: 8, rounding: .down)
        seen.takerBuyQuoteVolume = try candle.takerBuyQuoteVolume.multiplied(by: share, scale: 8, rounding: .down)
        seen.trades = candle.trades * Int64(beat + 1) / Int64(PricePath.beats)
        return seen
    }
}
