import Trading

/// One listed symbol: its rules and its prices over market time.
struct Market: Sendable {
    let rules: SymbolRules
    let source: any CandleSource
    let longCandles = CandleCache()

    /// What the market looks like at one moment.
    struct Moment: Sendable {
        let time: Int64
        let candle: Candle
        let beat: Int
        let price: Decimal
        /// The last candle is over, or the recording has a gap here: nothing trades.
        let isOpen: Bool
    }

    /// - Returns: nil before the first candle.
    func moment(at time: Int64) throws -> Moment? {
        let openTime = source.interval.openTime(of: time)
        if let candle = source.candle(openTime: openTime) {
            let path = PricePath(candle: candle, tickSize: rules.tickSize)
            let beat = path.beat(at: time)
            return Moment(time: time, candle: candle, beat: beat, price: try path.price(beat: beat), isOpen: true)
        }
        guard let last = lastCandle(before: openTime) else { return nil }
        return Moment(time: time, candle: last, beat: PricePath.beats - 1, price: last.close, isOpen: false)
    }

    func book(at moment: Moment) throws -> OrderBook {
        try OrderBook(around: moment.price, candle: moment.candle, rules: rules)
    }

    /// The longest gap of a recording that is looked across, in candles.
    private static let longestGap: Int64 = 100_000

    private func lastCandle(before openTime: Int64) -> Candle? {
        guard openTime > source.span.lowerBound else { return nil }
        var time = min(openTime - source.interval.milliseconds, source.span.upperBound)
        let end = max(source.span.lowerBound, time - Self.longestGap * source.interval.milliseconds)
        while time >= end {
            if let candle = source.candle(openTime: time) { return candle }
            time -= source.interval.milliseconds
        }
        return nil
    }
}
