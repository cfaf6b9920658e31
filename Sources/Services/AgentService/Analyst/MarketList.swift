internal import Trading

/// Splits symbols into base and quote.
enum MarketList {
    private static let quotes = ["FDUSD", "USDT", "USDC", "EUR", "BTC", "ETH"]

    /// nil for a symbol that does not end in a known quote asset.
    static func instrument(_ symbol: String) -> Instrument? {
        guard
            let symbol = Symbol(symbol), let quoteName = quotes.first(where: { symbol.name.hasSuffix($0) && symbol.name != $0 }),
            let base = Asset(String(symbol.name.dropLast(quoteName.count))), let quote = Asset(quoteName)
        else { return nil }
        return Instrument(symbol: symbol, base: base, quote: quote)
    }
}
