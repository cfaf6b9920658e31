import Trading

/// A symbol as this exchange lists it: its assets and filters (binance-spot-api-docs, filters.md).
struct SymbolRules: Sendable, Equatable {
    let symbol: String
    let baseAsset: String
    let quoteAsset: String
    /// PRICE_FILTER.
    let tickSize: Decimal
    let minimumPrice: Decimal
    let maximumPrice: Decimal
    /// LOT_SIZE.
    let stepSize: Decimal
    let minimumQuantity: Decimal
    let maximumQuantity: Decimal
    /// MARKET_LOT_SIZE; its step is 0, which means that LOT_SIZE's holds alone.
    let maximumMarketQuantity: Decimal
    /// NOTIONAL; the minimum holds for MARKET orders too, the maximum does not.
    let minimumNotional: Decimal
    let maximumNotional: Decimal
    /// MAX_NUM_ORDERS.
    let maximumOpenOrders = 200
    /// What each level of the book holds at least, in the quote asset.
    let levelNotional: Decimal
    /// Where generated prices begin, in ticks.
    let typicalTicks: Int64
    /// A thousandth of it is the unit of generated volume.
    let volumeUnit: Decimal

    static let quotePrecision = 8
    /// NOTIONAL values MARKET orders at the average price of so many minutes; 0 is the last price.
    static let averagePriceMinutes = 0

    /// The symbols that are listed without a candle file.
    static let listed = ["BTCUSDT", "ETHUSDT"]
    private static let quotes = ["USDT", "USDC", "FDUSD", "BUSD", "EUR", "USD", "BTC", "ETH", "BNB"]

    /// - Returns: nil when the name is not an asset followed by a known quote asset.
    static func named(_ symbol: String) -> SymbolRules? {
        guard symbol.utf8.count <= 20, let quote = quotes.first(where: { symbol.hasSuffix($0) && symbol != $0 }) else { return nil }
        return try? make(symbol, base: String(symbol.dropLast(quote.count)), quote: quote)
    }

    private static func make(_ symbol: String, base: String, quote: String) throws -> SymbolRules {
        let isCoin = ["BTC", "ETH", "BNB"].contains(quote)
        let step = base == "BTC" ? "0.00001" : isCoin ? "0.001" : "0.0001"
        let generated: (ticks: Int64, volume: String) = base == "BTC" ? (6_000_000, "0.001") : (300_000, "0.015")
        return SymbolRules(
            symbol: symbol, baseAsset: base, quoteAsset: quote,
            tickSize: try Decimal(canonical: isCoin ? "0.00001" : "0.01"),
            minimumPrice: try Decimal(canonical: isCoin ? "0.00001" : "0.01"), maximumPrice: Decimal(1_000_000),
            stepSize: try Decimal(canonical: step), minimumQuantity: try Decimal(canonical: step), maximumQuantity: Decimal(9000),
            maximumMarketQuantity: Decimal(100), minimumNotional: try Decimal(canonical: isCoin ? "0.0001" : "5"),
            maximumNotional: Decimal(9_000_000), levelNotional: try Decimal(canonical: isCoin ? "0.1" : "5000"),
            typicalTicks: generated.ticks, volumeUnit: try Decimal(canonical: generated.volume))
    }
}
