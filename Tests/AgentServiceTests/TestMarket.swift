import MeshCall
import ServiceAPI
import Trading

/// Markets with fixed prices: BTC at 42000, ETH at 3000, and candles that rise by one each.
final class TestMarket: MarketDataV1.MarketDataHandler {
    private static let prices = ["BTCUSDT": Decimal(42_000), "ETHUSDT": Decimal(3_000)]

    private func price(_ symbol: String) throws -> Decimal {
        guard let price = Self.prices[symbol] else { throw RPCError(.notFound, "There is no market \(symbol).", reason: "UNKNOWN_SYMBOL") }
        return price
    }

    func getPrice(_ request: MarketDataV1.GetPriceRequest, context: ServerContext) async throws -> MarketDataV1.Price {
        .init(symbol: request.symbol, price: try price(request.symbol).description, timeMs: 1)
    }

    func getBookTicker(_ request: MarketDataV1.GetBookTickerRequest, context: ServerContext) async throws -> MarketDataV1.BookTicker {
        let price = try price(request.symbol)
        return .init(
            symbol: request.symbol, bidPrice: try (price - .one).description, bidQuantity: "1", askPrice: try (price + .one).description,
            askQuantity: "1", timeMs: 1)
    }

    func getCandles(_ request: MarketDataV1.GetCandlesRequest, context: ServerContext) async throws -> MarketDataV1.GetCandlesResponse {
        let last = try price(request.symbol)
        let count = Int64(request.limit)
        let candles = try (0..<count).map { index in
            let close = try last - Decimal(count - 1 - index)
            return MarketDataV1.Candle(
                openTimeMs: index * 60_000, open: try (close - .one).description, high: try (close + .one).description,
                low: try (close - Decimal(2)).description, close: close.description, volume: "1.50000000",
                closeTimeMs: index * 60_000 + 59_999,
                quoteVolume: "1", trades: 1)
        }
        return .init(symbol: request.symbol, interval: request.interval, candles: candles)
    }

    func streamTickers(
        _ request: MarketDataV1.StreamTickersRequest, to writer: ResponseWriter<MarketDataV1.BookTicker>, context: ServerContext
    ) async throws {
        throw RPCError(.unimplemented, "The agent does not stream.")
    }
}
