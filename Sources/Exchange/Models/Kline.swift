public import Trading

/// One candle: the exchange's array of twelve.
public struct Kline: Sendable, Equatable {
    /// Milliseconds since 1970.
    public var openTime: Int64
    public var open: Trading.Decimal
    public var high: Trading.Decimal
    public var low: Trading.Decimal
    public var close: Trading.Decimal
    /// In the base asset.
    public var volume: Trading.Decimal
    /// Milliseconds since 1970, inclusive: the last one of the interval.
    public var closeTime: Int64
    /// In the quote asset.
    public var quoteVolume: Trading.Decimal
    public var trades: Int64

    public init(
        openTime: Int64, open: Trading.Decimal, high: Trading.Decimal, low: Trading.Decimal, close: Trading.Decimal,
        volume: Trading.Decimal, closeTime: Int64, quoteVolume: Trading.Decimal, trades: Int64
    ) {
        self.openTime = openTime
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.closeTime = closeTime
        self.quoteVolume = quoteVolume
        self.trades = trades
    }
}

extension Kline: Decodable {
    public init(from decoder: any Decoder) throws {
        var array = try decoder.unkeyedContainer()
        openTime = try array.decode(Int64.self)
        open = try array.decode(WireDecimal.self).value
        high = try array.decode(WireDecimal.self).value
        low = try array.decode(WireDecimal.self).value
        close = try array.decode(WireDecimal.self).value
        volume = try array.decode(WireDecimal.self).value
        closeTime = try array.decode(Int64.self)
        quoteVolume = try array.decode(WireDecimal.self).value
        trades = try array.decode(Int64.self)
    }
}

/// The candle lengths that this project uses, of Binance's.
public enum KlineInterval: String, Sendable, CaseIterable {
    case oneMinute = "1m"
    case fiveMinutes = "5m"
    case fifteenMinutes = "15m"
    case oneHour = "1h"
    case fourHours = "4h"
    case oneDay = "1d"

    /// Candles open at multiples of this since 1970 UTC.
    public var milliseconds: Int64 {
        switch self {
        case .oneMinute: 60_000
        case .fiveMinutes: 300_000
        case .fifteenMinutes: 900_000
        case .oneHour: 3_600_000
        case .fourHours: 14_400_000
        case .oneDay: 86_400_000
        }
    }
}
