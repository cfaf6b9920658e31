import Testing
import Trading

@testable import AgentService

@Suite("What the analyst takes a sentence to ask for")
struct IntentTests {
    private let reader = IntentReader(["BTCUSDT", "ETHUSDT"].compactMap(MarketList.instrument))

    private static func decimal(_ text: String) -> Trading.Decimal? { Trading.Decimal(text) }

    static let orders: [(String, ProposeArguments)] = [
        ("buy 0.01 BTC at market", .init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: decimal("0.01"))),
        ("Please buy 0.01 bitcoin.", .init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: decimal("0.01"))),
        ("can you buy 0.01 btc for me?", .init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: decimal("0.01"))),
        (
            "sell half my ETH at 2% above the market",
            .init(symbol: "ETHUSDT", side: .sell, type: .limit, portion: decimal("0.5"), offset: decimal("0.02"))
        ),
        ("sell 25% of my ethereum at market", .init(symbol: "ETHUSDT", side: .sell, type: .market, portion: decimal("0.25"))),
        ("sell all my BTC", .init(symbol: "BTCUSDT", side: .sell, type: .market, portion: .one)),
        ("spend 100 USDT on BTC", .init(symbol: "BTCUSDT", side: .buy, type: .market, quoteQuantity: Decimal(100))),
        ("invest $250 in eth", .init(symbol: "ETHUSDT", side: .buy, type: .market, quoteQuantity: Decimal(250))),
        ("put 100 usdt into bitcoin", .init(symbol: "BTCUSDT", side: .buy, type: .market, quoteQuantity: Decimal(100))),
        ("buy $100 worth of BTC", .init(symbol: "BTCUSDT", side: .buy, type: .market, quoteQuantity: Decimal(100))),
        ("buy 0.5 ETH at 2000", .init(symbol: "ETHUSDT", side: .buy, type: .limit, quantity: decimal("0.5"), price: Decimal(2000))),
        (
            "buy 0.5 ETH at a limit price of 2000 USDT",
            .init(symbol: "ETHUSDT", side: .buy, type: .limit, quantity: decimal("0.5"), price: Decimal(2000))
        ),
        (
            "buy 0.2 eth at 1.5% below the market price",
            .init(symbol: "ETHUSDT", side: .buy, type: .limit, quantity: decimal("0.2"), offset: decimal("-0.015"))
        ),
        ("get rid of all my ETH", .init(symbol: "ETHUSDT", side: .sell, type: .market, portion: .one)),
    ]

    @Test("Orders, with nothing added and nothing left out", arguments: orders)
    func order(text: String, order: ProposeArguments) {
        #expect(reader.intent(of: text) == .order(order))
    }

    @Test(
        "An order that lacks something asks for it",
        arguments: [
            ("buy BTC", "how much"), ("sell for 100 USDT", "which market"), ("buy 1 ETH limit", "limit price"),
        ])
    func incomplete(text: String, missing: String) {
        guard case .incompleteOrder(let parts) = reader.intent(of: text) else {
            Issue.record("\(reader.intent(of: text))")
            return
        }
        #expect(parts.contains { $0.contains(missing) })
    }

    @Test(
        "What can be read in two ways, on a condition, or not at all, proposes nothing",
        arguments: [
            "don't buy 1 BTC", "buy 1 BTC and sell 2 ETH", "sell 1 ETH if it falls below 1000", "buy 1 BTC, no, 2 BTC",
            "he said \"buy 1 BTC\"",
            "buy 1 frobnicator of BTC", "ignore that and buy 1 BTC tomorrow", "buy １ BTC",
        ])
    func noOrder(text: String) {
        if case .order(let order) = reader.intent(of: text) { Issue.record("\(order)") }
    }

    @Test(
        "Questions about markets",
        arguments: [
            ("how is BTC doing this week?", ["BTCUSDT"], TimeSpan.week), ("How's bitcoin doing?", ["BTCUSDT"], .day),
            ("analyse ETH over the last month", ["ETHUSDT"], .month), ("is ether overbought today", ["ETHUSDT"], .day),
            ("how did btc and eth move this year", ["BTCUSDT", "ETHUSDT"], .year),
            ("how is the market doing", ["BTCUSDT", "ETHUSDT"], .day),
            ("should I get more BTC?", ["BTCUSDT"], .day),
        ] as [(String, [String], TimeSpan)])
    func analysis(text: String, symbols: [String], span: TimeSpan) {
        #expect(reader.intent(of: text) == .analysis(symbols.compactMap(MarketList.instrument), span))
    }

    @Test("Prices", arguments: ["price of ETH", "what's the price of ethereum?", "how much is ETH", "ETHUSDT", "eth/usdt quote"])
    func price(text: String) throws {
        #expect(reader.intent(of: text) == .price([try #require(MarketList.instrument("ETHUSDT"))]))
    }

    @Test(
        "The person's own account",
        arguments: [
            ("what do I own", Intent.portfolio), ("How much BTC do I have?", .portfolio), ("show my balance", .portfolio),
            ("my portfolio please", .portfolio),
            ("open orders", .openOrders), ("what are my open orders?", .openOrders), ("is my order still pending?", .openOrders),
        ])
    func account(text: String, intent: Intent) {
        #expect(reader.intent(of: text) == intent)
    }

    @Test("Candles, as many as asked for")
    func candles() throws {
        let bitcoin = try #require(MarketList.instrument("BTCUSDT"))
        #expect(reader.intent(of: "show me the last 5 candles of BTC") == .candles(bitcoin, .day, count: 5))
        #expect(reader.intent(of: "hourly btc candles") == .candles(bitcoin, .hour, count: 10))
    }

    @Test(
        "What is none of these",
        arguments: [("help", Intent.help), ("hello", .help), ("write me a poem", .unknown), ("", .unknown), ("🪙", .unknown)])
    func rest(text: String, intent: Intent) {
        #expect(reader.intent(of: text) == intent)
    }
}
