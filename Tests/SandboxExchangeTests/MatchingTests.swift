import Testing
import Trading

@testable import SandboxExchange

@Suite("Matching")
struct MatchingTests {
    private static let start: Int64 = 1_790_000_040_000

    struct Desk {
        let engine: MatchingEngine
        var wallet = Wallet()
        var liquidity = Liquidity()

        init(_ balances: [String: String]) throws {
            let rules = try #require(SymbolRules.named("BTCUSDT"))
            engine = MatchingEngine(market: Market(rules: rules, source: GeneratedCandles(rules: rules, seed: 5)))
            for (asset, amount) in balances { try wallet.deposit(Decimal(canonical: amount), of: asset) }
        }

        func moment(_ time: Int64 = start) throws -> Market.Moment {
            try #require(try engine.market.moment(at: time))
        }

        mutating func place(_ order: inout Order, at time: Int64 = start) throws -> [Fill] {
            try engine.accept(&order, at: moment(time), wallet: &wallet, liquidity: &liquidity)
        }
    }

    static func order(
        _ side: Order.Side, _ kind: Order.Kind, quantity: String = "0", quote: String = "0", price: String = "0",
        timeInForce: Order.TimeInForce = .goodTillCancelled
    ) throws -> Order {
        Order(
            account: 1, symbol: "BTCUSDT", clientOrderID: "c", side: side, kind: kind, timeInForce: timeInForce,
            price: try Decimal(canonical: price), quantity: try Decimal(canonical: quantity), quoteQuantity: try Decimal(canonical: quote),
            createdTime: start, updatedTime: start, checkedTime: start)
    }

    @Test("A MARKET order fills at the offers, pays for it, and gets its asset less the commission")
    func market() throws {
        var desk = try Desk(["USDT": "10000"])
        var order = try Self.order(.buy, .market, quantity: "0.01")
        let fills = try desk.place(&order)
        let cost = try fills.reduce(Decimal.zero) { try $0 + $1.quote }
        #expect(order.status == .filled && order.executed == order.quantity && order.executedQuote == cost)
        #expect(try desk.wallet["USDT"].free == Decimal(10_000) - cost)
        #expect(desk.wallet["BTC"].free == Decimal("0.00999"))
        let candle = try desk.moment().candle
        #expect(fills.allSatisfy { $0.price >= candle.low && $0.price <= candle.high })
    }

    @Test("By quote amount it spends at most that, in whole steps")
    func quoteAmount() throws {
        var desk = try Desk(["USDT": "10000"])
        var order = try Self.order(.buy, .market, quote: "1000")
        _ = try desk.place(&order)
        #expect(order.status == .filled)
        #expect(order.executedQuote <= Decimal(1000) && order.executedQuote > Decimal(999))
        #expect(try order.executed.isMultiple(of: desk.engine.market.rules.stepSize))
    }

    @Test("What the book does not hold expires for MARKET, waits for GTC, and fails whole for FOK")
    func deepOrders() throws {
        let high = "1000000"
        for (kind, timeInForce, status) in [
            (Order.Kind.market, Order.TimeInForce.goodTillCancelled, Order.Status.expired), (.limit, .goodTillCancelled, .partiallyFilled),
            (.limit, .immediateOrCancel, .expired), (.limit, .fillOrKill, .expired),
        ] {
            var desk = try Desk(["USDT": "100000000"])
            var order = try Self.order(.buy, kind, quantity: "90", price: kind == .market ? "0" : high, timeInForce: timeInForce)
            let fills = try desk.place(&order)
            #expect(order.status == status)
            #expect(fills.isEmpty == (timeInForce == .fillOrKill))
            #expect(order.isOpen == order.reserved.isPositive)
            #expect(desk.wallet["USDT"].locked == order.reserved)
        }
    }

    @Test("An order that cannot be paid leaves nothing behind")
    func insufficient() throws {
        var desk = try Desk(["USDT": "10"])
        for kind in [Order.Kind.market, .limit] {
            var order = try Self.order(.buy, kind, quantity: "0.01", price: kind == .market ? "0" : "60000")
            let before = order
            #expect(throws: MatchingEngine.Refusal.insufficientBalance) { try desk.place(&order) }
            #expect(order == before && desk.wallet["USDT"].free == Decimal(10) && desk.liquidity == Liquidity())
        }
    }

    @Test("LIMIT_MAKER is refused when it would take")
    func maker() throws {
        var desk = try Desk(["USDT": "1000000"])
        var order = try Self.order(.buy, .limitMaker, quantity: "0.01", price: "900000")
        #expect(throws: MatchingEngine.Refusal.wouldTake) { try desk.place(&order) }
        order = try Self.order(.buy, .limitMaker, quantity: "0.01", price: "1000")
        #expect(try desk.place(&order).isEmpty)
        #expect(order.status == .new)
    }

    @Test("A waiting order fills when the market comes to its price, at its price or better, once")
    func resting() throws {
        var desk = try Desk(["USDT": "1000000"])
        let candles = (0..<3000).compactMap { desk.engine.market.source.candle(openTime: Self.start + $0 * 60_000) }
        let lowest = try #require(candles.map(\.low).min())
        var order = try Self.order(.buy, .limit, quantity: "0.01", price: lowest.description)
        #expect(try desk.place(&order).isEmpty)
        var fills: [Fill] = []
        for step in 1...3000 {
            fills += try desk.engine.advance(
                &order, to: Self.start + Int64(step) * 60_000, wallet: &desk.wallet, liquidity: &desk.liquidity)
        }
        let fill = try #require(fills.first)
        #expect(fills.count == 1 && order.status == .filled && fill.isMaker && fill.price == lowest)
        let minute = try #require(candles.last { $0.openTime <= fill.time })
        #expect(minute.low <= fill.price && fill.price <= minute.high && minute.closeTime >= fill.time)
        #expect(desk.wallet["USDT"].locked.isZero)
    }

    @Test("Looked at often or once, a waiting order meets the same fate")
    func advanceIsMonotonic() throws {
        let end = Self.start + 600 * 60_000
        var outcomes: [Order] = []
        for step: Int64 in [1, 7, 600] {
            var desk = try Desk(["USDT": "100000000"])
            let price = try #require(desk.engine.market.source.candle(openTime: Self.start + 300 * 60_000)).low
            var order = try Self.order(.buy, .limit, quantity: "20", price: price.description)
            _ = try desk.place(&order)
            for time in stride(from: Self.start + step * 60_000, through: end, by: Int64.Stride(step * 60_000)) {
                _ = try desk.engine.advance(&order, to: time, wallet: &desk.wallet, liquidity: &desk.liquidity)
            }
            _ = try desk.engine.advance(&order, to: end, wallet: &desk.wallet, liquidity: &desk.liquidity)
            outcomes.append(order)
        }
        #expect(outcomes.dropFirst().allSatisfy { $0.executed == outcomes[0].executed && $0.status == outcomes[0].status })
    }
}
