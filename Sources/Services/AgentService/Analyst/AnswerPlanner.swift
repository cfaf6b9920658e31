internal import Trading

/// What the analyst looks up for an intent, and what it says when that is there.
struct AnswerPlanner: Sendable {
    struct Plan: Sendable {
        /// Said at once, before any tool runs.
        var text: [String] = []
        var calls: [ToolCall] = []
    }

    let assets: AssetWords

    func plan(for intent: Intent) -> Plan {
        switch intent {
        case .order(let order):
            Plan(
                text: ["One moment: I check the market and put a proposal before you. "],
                calls: calls([PriceArguments(symbol: order.symbol), order]))
        case .price(let markets):
            Plan(calls: calls(markets.map { PriceArguments(symbol: $0.symbol.name) }))
        case .analysis(let markets, let span):
            Plan(
                text: ["Looking at \(markets.map(\.base.name).joined(separator: " and ")) over \(span.words). "],
                calls: calls(markets.flatMap { lookups($0, span) }))
        case .candles(let market, let span, let count):
            Plan(calls: calls([CandlesArguments(SpanArguments(symbol: market.symbol.name, interval: span.interval, limit: count))]))
        case .portfolio:
            Plan(calls: calls([PortfolioArguments()] + assets.instruments.prefix(3).map { PriceArguments(symbol: $0.symbol.name) }))
        case .openOrders: Plan(calls: calls([OpenOrdersArguments()]))
        case .incompleteOrder(let missing):
            Plan(text: [
                "I can propose that order once I know \(missing.joined(separator: ", and ")). ", "Say it all in one sentence, please.",
            ])
        case .unclearOrder: Plan(text: [Self.unclear])
        case .help: Plan(text: ["Hello. ", Self.abilities])
        case .unknown: Plan(text: ["I did not understand that. ", Self.abilities])
        }
    }

    func answer(to intent: Intent, from results: ToolResults) -> [String] {
        switch intent {
        case .order: OrderAnswer.text(results)
        case .price: MarketAnswer.prices(results)
        case .analysis(_, let span): MarketAnswer.analysis(results, span)
        case .candles: MarketAnswer.candles(results)
        case .portfolio: AccountAnswer.portfolio(results, assets)
        case .openOrders: AccountAnswer.openOrders(results)
        case .incompleteOrder, .unclearOrder, .help, .unknown: []
        }
    }

    private func lookups(_ market: Instrument, _ span: TimeSpan) -> [any ToolArguments] {
        let symbol = market.symbol.name
        return [
            PriceArguments(symbol: symbol),
            IndicatorsArguments(SpanArguments(symbol: symbol, interval: span.interval, limit: span.candles)),
        ]
    }

    private func calls(_ arguments: [any ToolArguments]) -> [ToolCall] {
        arguments.enumerated().map { ToolCall(id: "call-\($0 + 1)", name: type(of: $1).tool.rawValue, arguments: ToolJSON.text($1)) }
    }

    private static let unclear = """
        I could not read that as exactly one order, so I propose nothing. Say one order in one sentence, without conditions: \
        "buy 0.01 BTC at market", "sell half my ETH at 2% above the market", "buy 0.5 ETH at 2000".
        """

    private static let abilities = """
        I can tell you prices ("price of ETH"), how a market is doing ("how is BTC doing this week?"), show candles ("last 10 candles of BTC"), \
        what you own ("what do I own") and your open orders ("open orders"), and I can propose an order for you to sign \
        ("buy 0.01 BTC at market", "spend 100 USDT on BTC", "sell half my ETH at 2% above the market", "buy 0.5 ETH at 2000").
        """
}
