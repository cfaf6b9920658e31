/// What anybody may read at an exchange.
public protocol MarketExchange: Sendable {
    /// The exchange's clock, milliseconds since 1970.
    func serverTime() async throws -> Int64
    /// Trading rules of the symbols; the exchange refuses the whole request for an unknown one (-1121).
    func symbolRules(_ symbols: [String]) async throws -> [SymbolRules]
    func price(symbol: String) async throws -> SymbolPrice
    func bookTicker(symbol: String) async throws -> SymbolBookTicker
    /// Best bid and ask of several symbols in one request.
    func bookTickers(symbols: [String]) async throws -> [SymbolBookTicker]
    /// Oldest first. Times are open times in milliseconds since 1970, both inclusive; `limit` is 1 to 1000.
    func klines(symbol: String, interval: KlineInterval, start: Int64?, end: Int64?, limit: Int) async throws -> [Kline]
}

extension BinanceClient: MarketExchange {
    public func serverTime() async throws -> Int64 {
        try await answer(.serverTime, as: ServerTime.self).serverTime
    }

    public func symbolRules(_ symbols: [String]) async throws -> [SymbolRules] {
        let call = ExchangeCall(path: "/api/v3/exchangeInfo", weight: 20).with("symbols", Self.jsonArray(symbols))
        return try await answer(call, as: ExchangeInformation.self).symbols
    }

    public func price(symbol: String) async throws -> SymbolPrice {
        try await answer(ExchangeCall(path: "/api/v3/ticker/price", weight: 2).with("symbol", symbol))
    }

    public func bookTicker(symbol: String) async throws -> SymbolBookTicker {
        try await answer(ExchangeCall(path: "/api/v3/ticker/bookTicker", weight: 2).with("symbol", symbol))
    }

    public func bookTickers(symbols: [String]) async throws -> [SymbolBookTicker] {
        try await answer(ExchangeCall(path: "/api/v3/ticker/bookTicker", weight: 4).with("symbols", Self.jsonArray(symbols)))
    }

    public func klines(symbol: String, interval: KlineInterval, start: Int64?, end: Int64?, limit: Int) async throws -> [Kline] {
        let call = ExchangeCall(path: "/api/v3/klines", weight: 2)
            .with("symbol", symbol).with("interval", interval.rawValue)
            .with("startTime", start).with("endTime", end).with("limit", Int64(limit))
        return try await answer(call)
    }

    /// Symbols are letters and digits; anything else is left out rather than escaped.
    private static func jsonArray(_ symbols: [String]) -> String {
        "[" + symbols.map { "\"\($0.filter { $0.isASCII && ($0.isLetter || $0.isNumber) })\"" }.joined(separator: ",") + "]"
    }
}
