import HTTPTypes
import NIOConcurrencyHelpers
import Trading

/// What anybody may ask: the exchange's rules and prices.
extension SandboxExchange {
    var marketEndpoints: [Endpoint] {
        [
            open("/api/v3/ping", weight: 1) { _ in EmptyAnswer() },
            open("/api/v3/time", weight: 1) { [self] _ in TimeAnswer(serverTime: serverTime) },
            open("/api/v3/exchangeInfo", weight: 20, ["symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus"]) { [self] in
                try information($0)
            },
            open("/api/v3/klines", weight: 2, ["symbol", "interval", "startTime", "endTime", "timeZone", "limit"]) { [self] in
                try klines($0)
            },
            open("/api/v3/uiKlines", weight: 2, ["symbol", "interval", "startTime", "endTime", "timeZone", "limit"]) { [self] in
                try klines($0)
            },
            open("/api/v3/avgPrice", weight: 2, ["symbol"]) { [self] in try averagePrice($0) },
            Endpoint(
                method: .get, path: "/api/v3/depth", security: .open, weight: { Self.depthWeight($0["limit"]) },
                parameters: ["symbol", "limit"],
                handle: { [self] in .init(json: try depth($0.parameters)) }),
            ticker("price", weights: (2, 4)) { PriceAnswer(symbol: $0.rules.symbol, price: Amount($1.price)) },
            ticker("bookTicker", weights: (2, 4)) { try Self.bookTicker($0, $1) },
            ticker("24hr", weights: (2, 80)) { try Self.dayTicker($0, $1) },
        ]
    }

    private func open(
        _ path: String, weight: Int, _ parameters: Set<String> = [],
        _ answer: @escaping @Sendable (ParameterReader) throws -> any Encodable & Sendable
    ) -> Endpoint {
        Endpoint(method: .get, path: path, security: .open, weight: { _ in weight }, parameters: parameters) {
            .init(json: try answer($0.parameters))
        }
    }

    /// A ticker takes one symbol, several, or none for all; it answers an object for one and an array otherwise.
    private func ticker<Answer: Encodable & Sendable>(
        _ name: String, weights: (one: Int, many: Int), _ answer: @escaping @Sendable (Market, Market.Moment) throws -> Answer
    ) -> Endpoint {
        Endpoint(
            method: .get, path: "/api/v3/ticker/\(name)", security: .open, weight: { $0["symbol"] == nil ? weights.many : weights.one },
            parameters: ["symbol", "symbols", "type", "symbolStatus"]
        ) { [self] call in
            if let symbol = try call.parameters.symbol() {
                guard call.parameters.values["symbols"] == nil else { throw ExchangeFault.badCombination }
                let market = try market(symbol)
                return .init(json: try answer(market, try moment(of: market)))
            }
            return .init(
                json: try (try call.parameters.symbols() ?? symbols).map { symbol in
                    let market = try market(symbol)
                    return try answer(market, try moment(of: market))
                })
        }
    }

    func moment(of market: Market) throws -> Market.Moment {
        guard let moment = try market.moment(at: marketTime) else { throw ExchangeFault.marketClosed }
        return moment
    }

    private func information(_ parameters: ParameterReader) throws -> ExchangeInfoAnswer {
        let one = try parameters.symbol()
        let several = try parameters.symbols()
        guard one == nil || several == nil else { throw ExchangeFault.badCombination }
        let names = one.map { [$0] } ?? several ?? symbols
        return ExchangeInfoAnswer(
            serverTime: serverTime,
            rateLimits: ExchangeInfoAnswer.rateLimits(
                weight: weights.withLockedValue(\.limits), orders: orderCounts.withLockedValue(\.limits)),
            symbols: try names.map { name in
                let market = try market(name)
                return .init(market.rules, isOpen: try market.moment(at: marketTime)?.isOpen ?? false)
            })
    }

    private func klines(_ parameters: ParameterReader) throws -> [KlineAnswer] {
        let market = try market(parameters.requiredSymbol())
        guard let interval = CandleInterval(rawValue: try parameters.required("interval")),
            interval.milliseconds >= market.source.interval.milliseconds
        else { throw ExchangeFault.badInterval }
        let query = CandleQuery(
            interval: interval, start: try parameters.integer("startTime"), end: try parameters.integer("endTime"),
            limit: min(Int(try parameters.integer("limit", in: 1...1_000_000) ?? 500), 1000))
        return try query.candles(of: market, now: marketTime).map(KlineAnswer.init)
    }

    private func averagePrice(_ parameters: ParameterReader) throws -> AveragePriceAnswer {
        let moment = try moment(of: market(parameters.requiredSymbol()))
        return AveragePriceAnswer(mins: Int64(SymbolRules.averagePriceMinutes), price: Amount(moment.price), closeTime: moment.time)
    }

    private func depth(_ parameters: ParameterReader) throws -> DepthAnswer {
        let market = try market(parameters.requiredSymbol())
        let limit = Int(try parameters.integer("limit", in: 1...1_000_000) ?? 100)
        let moment = try moment(of: market)
        let book = try market.book(at: moment)
        func rows(_ levels: [OrderBook.Level]) -> [[Amount]] {
            levels.prefix(limit).map { [Amount($0.price), Amount($0.quantity)] }
        }
        return DepthAnswer(
            lastUpdateId: moment.candle.openTime / 1000 * 60 + Int64(moment.beat), bids: rows(book.shownBids), asks: rows(book.asks))
    }

    private static func depthWeight(_ limit: String?) -> Int {
        switch limit.flatMap({ Int($0) }) ?? 100 {
        case ...100: 5
        case ...500: 25
        case ...1000: 50
        default: 250
        }
    }

    private static func bookTicker(_ market: Market, _ moment: Market.Moment) throws -> BookTickerAnswer {
        let book = try market.book(at: moment)
        guard let bid = book.shownBids.first, let ask = book.asks.first else { throw ExchangeFault.marketClosed }
        return BookTickerAnswer(
            symbol: market.rules.symbol, bidPrice: Amount(bid.price), bidQty: Amount(bid.quantity), askPrice: Amount(ask.price),
            askQty: Amount(ask.quantity))
    }

    private static func dayTicker(_ market: Market, _ moment: Market.Moment) throws -> DayTickerAnswer {
        let day = CandleInterval.oneDay.milliseconds
        let interval = market.source.interval
        let start = interval.openTime(of: moment.time - day) + interval.milliseconds
        let candle = try market.source.joined(openTime: start, through: moment.time) ?? moment.candle
        let ticker = try bookTicker(market, moment)
        let change = try moment.price - candle.open
        let percent = try change.multiplied(by: Decimal(100), rounding: .down).divided(by: candle.open, scale: 3, rounding: .halfEven)
        return DayTickerAnswer(
            symbol: market.rules.symbol, priceChange: Amount(change), priceChangePercent: percent.text(minimumScale: 3),
            weightedAvgPrice: Amount(
                candle.volume.isZero ? moment.price : try candle.quoteVolume.divided(by: candle.volume, scale: 8, rounding: .halfEven)),
            prevClosePrice: Amount(candle.open), lastPrice: Amount(moment.price), lastQty: ticker.askQty, bidPrice: ticker.bidPrice,
            bidQty: ticker.bidQty, askPrice: ticker.askPrice, askQty: ticker.askQty, openPrice: Amount(candle.open),
            highPrice: Amount(candle.high), lowPrice: Amount(candle.low), volume: Amount(candle.volume),
            quoteVolume: Amount(candle.quoteVolume), openTime: start, closeTime: moment.time, count: candle.trades)
    }
}

/// `{}`
struct EmptyAnswer: Encodable {}
