internal import MeshCall
internal import ServiceAPI
internal import Trading

/// The market as execution itself fetches it from `market-data`. Nothing that the agent says about prices comes in here.
struct BookSource: Sendable {
    private let client: MarketDataV1.MarketDataClient
    private let now: @Sendable () -> Int64

    init(_ dependencies: ExecutionDependencies) {
        client = MarketDataV1.MarketDataClient(dependencies.marketData)
        now = dependencies.now
    }

    /// - Parameter maxAgeMilliseconds: how long ago it may have been seen.
    /// - Throws: `RPCError` UNAVAILABLE when there is no fresh and sensible book.
    func top(of symbol: Symbol, maxAgeMilliseconds: Int64) async throws -> BookTop {
        let ticker: MarketDataV1.BookTicker
        do {
            ticker = try await client.getBookTicker(MarketDataV1.GetBookTickerRequest(symbol: symbol.name))
        } catch let error as RPCError where error.code != .cancelled && error.code != .deadlineExceeded {
            throw Self.unavailable("The market price cannot be had now.", cause: error)
        }
        guard ticker.symbol == symbol.name, let bid = Decimal(ticker.bidPrice), let ask = Decimal(ticker.askPrice),
            let top = BookTop(bid: bid, ask: ask, timeMilliseconds: ticker.timeMs)
        else { throw Self.unavailable("The market price makes no sense now.", cause: nil) }
        let now = now()
        guard (now - maxAgeMilliseconds...now + maxAgeMilliseconds).contains(top.timeMilliseconds) else {
            throw Self.unavailable("The market price is out of date.", cause: nil)
        }
        return top
    }

    private static func unavailable(_ message: String, cause: (any Error)?) -> RPCError {
        RPCError(.unavailable, message, reason: "MARKET_DATA_UNAVAILABLE", cause: cause)
    }
}
