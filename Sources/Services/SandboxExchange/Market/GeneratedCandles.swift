import Trading

/// One-minute candles made from a seed: the same seed, symbol and minute always give the same candle, without the ones before it.
///
/// The price is a sum of noises of different periods, each interpolated between random heights; a minute's close is the next one's open.
struct GeneratedCandles: CandleSource {
    let interval = CandleInterval.oneMinute
    let span: ClosedRange<Int64>

    private let rules: SymbolRules
    private let seed: UInt64

    /// Period in minutes, and how far the price moves with it, in millionths.
    private static let octaves: [(period: Int64, amplitude: Int64)] = [
        (40_320, 120_000), (10_080, 50_000), (1440, 20_000), (240, 9000), (60, 4000), (15, 1800), (4, 700), (1, 300),
    ]
    private static let million: Int64 = 1_000_000

    /// Where history begins by default: 2025. A short history keeps long candles cheap.
    static let beginning: Int64 = 1_735_689_600_000
    private static let end: Int64 = 4_102_444_800_000

    /// - Parameter beginning: open time of the first candle.
    init(rules: SymbolRules, seed: UInt64, beginning: Int64 = Self.beginning) {
        span = min(CandleInterval.oneDay.openTime(of: beginning), Self.end)...Self.end
        self.rules = rules
        self.seed = rules.symbol.utf8.reduce(seed &+ 0x9e37_79b9_7f4a_7c15) { Self.mix($0 ^ UInt64($1)) }
    }

    func candle(openTime: Int64) -> Candle? {
        candle(openTime: openTime, minutes: 1)
    }

    func candle(openTime: Int64, length: CandleInterval) -> Candle? {
        let start = max(openTime, span.lowerBound)
        let minutes = (openTime + length.milliseconds - start) / interval.milliseconds
        guard minutes > 0, var candle = candle(openTime: start, minutes: minutes) else { return nil }
        candle.openTime = openTime
        return candle
    }

    /// In whole numbers throughout: a week is ten thousand minutes.
    private func candle(openTime: Int64, minutes: Int64) -> Candle? {
        guard openTime % interval.milliseconds == 0, span.contains(openTime) else { return nil }
        let first = openTime / interval.milliseconds
        var sum = Minute(at: first, of: self)
        for minute in (first + 1)..<(first + max(1, minutes)) { sum.extend(by: Minute(at: minute, of: self)) }
        return try? candle(sum, openTime: openTime, minutes: minutes)
    }

    /// One minute, or several put together: prices in ticks, volume in thousandths of the symbol's unit.
    private struct Minute {
        var open, high, low, close, volume, turnover, trades: Int64

        init(at minute: Int64, of source: GeneratedCandles) {
            open = source.ticks(minute)
            close = source.ticks(minute + 1)
            high = max(open, close) + source.spread(minute, 1, of: open)
            low = min(open, close) - source.spread(minute, 2, of: open)
            volume = Int64(source.random(minute, 3) % 58_000) + 2000
            turnover = volume * ((open + close) / 2)
            trades = Int64(source.random(minute, 4) % 900) + 50
        }

        mutating func extend(by next: Minute) {
            high = max(high, next.high)
            low = min(low, next.low)
            close = next.close
            volume += next.volume
            turnover += next.turnover
            trades += next.trades
        }
    }

    private func candle(_ minute: Minute, openTime: Int64, minutes: Int64) throws -> Candle {
        let half = try Decimal(canonical: "0.5")
        let volume = try Decimal(minute.volume) * rules.volumeUnit
        let quoteVolume = try Decimal(minute.turnover) * rules.volumeUnit * rules.tickSize
        return Candle(
            openTime: openTime, open: try price(minute.open), high: try price(minute.high), low: try price(minute.low),
            close: try price(minute.close), volume: volume, closeTime: openTime + minutes * interval.milliseconds - 1,
            quoteVolume: quoteVolume, trades: minute.trades,
            takerBuyVolume: try volume.multiplied(by: half, scale: 8, rounding: .down),
            takerBuyQuoteVolume: try quoteVolume.multiplied(by: half, scale: 8, rounding: .down))
    }

    /// The price at the beginning of a minute, in ticks.
    private func ticks(_ minute: Int64) -> Int64 {
        let change = Self.octaves.enumerated().reduce(Int64(0)) { sum, octave in
            let (period, amplitude) = octave.element
            let cell = minute / period
            let (left, right) = (height(cell, octave.offset), height(cell + 1, octave.offset))
            let height = left + (right - left) * (minute % period) / period
            return sum + amplitude * height / Self.million
        }
        return rules.typicalTicks + rules.typicalTicks * change / Self.million
    }

    /// −1 to 1, in millionths.
    private func height(_ cell: Int64, _ octave: Int) -> Int64 {
        Int64(random(cell, 100 + UInt64(octave)) % 2_000_001) - Self.million
    }

    /// How far the price strays beyond open and close within the minute: up to 0.04 %, at least one tick.
    private func spread(_ minute: Int64, _ stream: UInt64, of price: Int64) -> Int64 {
        1 + price * Int64(random(minute, stream) % 400) / Self.million
    }

    private func price(_ ticks: Int64) throws -> Decimal {
        try Decimal(ticks) * rules.tickSize
    }

    private func random(_ position: Int64, _ stream: UInt64) -> UInt64 {
        Self.mix(Self.mix(seed ^ stream &* 0xd6e8_feb8_6659_fd93) ^ UInt64(bitPattern: position))
    }

    /// SplitMix64's finalizer (Steele, Lea, Flood 2014).
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
