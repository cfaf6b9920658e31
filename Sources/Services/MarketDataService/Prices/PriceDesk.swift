import Exchange
import ServiceAPI
import Trading

/// Last prices and best bids and asks.
struct PriceDesk: Sendable {
    private let prices: CachedReader<String, MarketDataV1.Price>
    private let tickers: CachedReader<String, MarketDataV1.BookTicker>

    /// - Parameters:
    ///   - exchange: the exchange, or why it cannot be asked.
    ///   - now: milliseconds since 1970.
    init(exchange: ExchangeReader, limits: MarketDataLimits, now: @escaping @Sendable () -> Int64) {
        prices = CachedReader(freshFor: limits.freshFor, staleAfter: limits.staleAfter, capacity: limits.cacheCapacity) { symbol in
            let answer = try await exchange.read { try await $0.price(symbol: symbol) }
            return MarketDataV1.Price(symbol: answer.symbol, price: answer.price.description, timeMs: now())
        }
        tickers = CachedReader(freshFor: limits.freshFor, staleAfter: limits.staleAfter, capacity: limits.cacheCapacity) { symbol in
            MarketDataV1.BookTicker(try await exchange.read { try await $0.bookTicker(symbol: symbol) }, time: now())
        }
    }

    func price(of symbol: String) async throws -> MarketDataV1.Price {
        try await prices.value(for: symbol)
    }

    func bookTicker(of symbol: String) async throws -> MarketDataV1.BookTicker {
        try await tickers.value(for: symbol)
    }
}

extension MarketDataV1.BookTicker {
    /// - Parameter time: when it was received, milliseconds since 1970.
    init(_ ticker: SymbolBookTicker, time: Int64) {
        self.init(
            symbol: ticker.symbol, bidPrice: ticker.bidPrice.description, bidQuantity: ticker.bidQuantity.description,
            askPrice: ticker.askPrice.description, askQuantity: ticker.askQuantity.description, timeMs: time)
    }
}
