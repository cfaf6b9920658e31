import Exchange
import MeshCall
import ServiceAPI
import Trading

/// `cryptopulse.market_data.v1.MarketData`.
struct MarketDataHandlers: MarketDataV1.MarketDataHandler {
    let prices: PriceDesk
    let candles: CandleDesk
    let tickers: TickerHub

    /// Most symbols of one stream.
    private static let maximumSymbols = 50

    func getPrice(_ request: MarketDataV1.GetPriceRequest, context: ServerContext) async throws -> MarketDataV1.Price {
        try await prices.price(of: Self.symbol(request.symbol))
    }

    func getBookTicker(_ request: MarketDataV1.GetBookTickerRequest, context: ServerContext) async throws -> MarketDataV1.BookTicker {
        try await prices.bookTicker(of: Self.symbol(request.symbol))
    }

    func getCandles(_ request: MarketDataV1.GetCandlesRequest, context: ServerContext) async throws -> MarketDataV1.GetCandlesResponse {
        let candles = try await candles.candles(CandleRequest(request))
        return MarketDataV1.GetCandlesResponse(
            symbol: request.symbol, interval: request.interval, candles: candles.map(MarketDataV1.Candle.init))
    }

    func streamTickers(
        _ request: MarketDataV1.StreamTickersRequest, to writer: ResponseWriter<MarketDataV1.BookTicker>, context: ServerContext
    ) async throws {
        guard (1...Self.maximumSymbols).contains(request.symbols.count) else {
            throw RPCError(.invalidArgument, "1 to \(Self.maximumSymbols) symbols are needed.", reason: "BAD_SYMBOLS")
        }
        let symbols = Set(try request.symbols.map(Self.symbol))
        // Also finds a symbol that the exchange does not know before it can spoil the readings of others.
        var first: [MarketDataV1.BookTicker] = []
        for symbol in symbols.sorted() { first.append(try await prices.bookTicker(of: symbol)) }
        let (id, mailbox) = try await tickers.subscribe(to: symbols)
        do {
            for ticker in first { mailbox.put(ticker) }
            while let changes = try await mailbox.next() {
                for ticker in changes { try await writer.send(ticker) }
            }
        } catch {
            await tickers.unsubscribe(id)
            throw error
        }
        await tickers.unsubscribe(id)
    }

    private static func symbol(_ text: String) throws -> String {
        guard let symbol = Symbol(text) else { throw RPCError(.invalidArgument, "symbol is not a symbol.", reason: "BAD_SYMBOL") }
        return symbol.name
    }
}

extension MarketDataV1.Candle {
    init(_ kline: Kline) {
        self.init(
            openTimeMs: kline.openTime, open: kline.open.description, high: kline.high.description, low: kline.low.description,
            close: kline.close.description, volume: kline.volume.description, closeTimeMs: kline.closeTime,
            quoteVolume: kline.quoteVolume.description, trades: UInt64(clamping: kline.trades))
    }
}
