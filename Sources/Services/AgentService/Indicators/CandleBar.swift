internal import Trading

/// One candle in exact decimals.
struct CandleBar: Codable, Sendable, Equatable {
    /// When it opened, milliseconds since 1970.
    var time: Int64
    var open: Trading.Decimal
    var high: Trading.Decimal
    var low: Trading.Decimal
    var close: Trading.Decimal
    var volume: Trading.Decimal
}
