import Trading

/// Answers of the market data endpoints, field by field as Binance has them (binance-spot-api-docs, rest-api.md).
struct TimeAnswer: Encodable {
    let serverTime: Int64
}

struct PriceAnswer: Encodable {
    let symbol: String
    let price: Amount
}

struct BookTickerAnswer: Encodable {
    let symbol: String
    let bidPrice: Amount
    let bidQty: Amount
    let askPrice: Amount
    let askQty: Amount
}

struct DepthAnswer: Encodable {
    let lastUpdateId: Int64
    let bids: [[Amount]]
    let asks: [[Amount]]
}

struct AveragePriceAnswer: Encodable {
    let mins: Int64
    let price: Amount
    let closeTime: Int64
}

/// The array of twelve.
struct KlineAnswer: Encodable {
    let candle: Candle

    func encode(to encoder: any Encoder) throws {
        var array = encoder.unkeyedContainer()
        try array.encode(candle.openTime)
        for price in [candle.open, candle.high, candle.low, candle.close, candle.volume] { try array.encode(Amount(price)) }
        try array.encode(candle.closeTime)
        try array.encode(Amount(candle.quoteVolume))
        try array.encode(candle.trades)
        try array.encode(Amount(candle.takerBuyVolume))
        try array.encode(Amount(candle.takerBuyQuoteVolume))
        try array.encode("0")
    }
}

struct DayTickerAnswer: Encodable {
    let symbol: String
    let priceChange: Amount
    let priceChangePercent: String
    let weightedAvgPrice: Amount
    let prevClosePrice: Amount
    let lastPrice: Amount
    let lastQty: Amount
    let bidPrice: Amount
    let bidQty: Amount
    let askPrice: Amount
    let askQty: Amount
    let openPrice: Amount
    let highPrice: Amount
    let lowPrice: Amount
    let volume: Amount
    let quoteVolume: Amount
    let openTime: Int64
    let closeTime: Int64
    let firstId = -1
    let lastId = -1
    let count: Int64
}
