/// Where a symbol's candles of the shortest interval come from.
protocol CandleSource: Sendable {
    var interval: CandleInterval { get }
    /// Open times of the first and the last candle.
    var span: ClosedRange<Int64> { get }
    /// Nil when there is none of this open time.
    func candle(openTime: Int64) -> Candle?
    /// One candle of `length`, a multiple of `interval`, put together. Nil when the source has nothing in it.
    func candle(openTime: Int64, length: CandleInterval) throws -> Candle?
}

extension CandleSource {
    /// The candles from `openTime` on whose open times are not after `end`, put together.
    func joined(openTime: Int64, through end: Int64, _ change: (Candle) throws -> Candle = { $0 }) throws -> Candle? {
        var whole: Candle?
        for time in stride(from: openTime, through: end, by: Int64.Stride(interval.milliseconds)) {
            guard let candle = try candle(openTime: time).map(change) else { continue }
            if whole == nil {
                whole = candle
            } else {
                try whole?.extend(by: candle)
            }
        }
        return whole
    }
}

/// Candles of a file. A row that does not fit is a gap.
struct RecordedCandles: CandleSource {
    private let file: CandleFile

    init(_ file: CandleFile) {
        self.file = file
    }

    var interval: CandleInterval { file.interval }
    var span: ClosedRange<Int64> { file.span }

    func candle(openTime: Int64) -> Candle? {
        try? file.candle(openTime: openTime)
    }

    func candle(openTime: Int64, length: CandleInterval) throws -> Candle? {
        var whole = try joined(openTime: openTime, through: openTime + length.milliseconds - 1)
        whole?.openTime = openTime
        whole?.closeTime = openTime + length.milliseconds - 1
        return whole
    }
}
