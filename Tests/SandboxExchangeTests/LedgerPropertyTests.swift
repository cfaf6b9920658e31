import Testing
import Trading

@testable import SandboxExchange

@Suite("Balances")
struct LedgerPropertyTests {
    /// Generator with a printed seed, so that a failure can be repeated.
    struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    @Test(
        "Whatever is ordered, cancelled and filled, nothing is made or lost, and what is locked is what open orders hold",
        arguments: 1...12 as ClosedRange<UInt64>)
    func conservation(seed: UInt64) throws {
        var random = Seeded(state: seed)
        var desk = try MatchingTests.Desk(["USDT": "500000", "BTC": "5"])
        var orders: [Order] = []
        var fills: [(Order.Side, Fill)] = []
        var time: Int64 = 1_790_000_040_000
        for _ in 0..<120 {
            time += Int64.random(in: 0...200_000, using: &random)
            for index in orders.indices where orders[index].isOpen {
                let side = orders[index].side
                fills += try desk.engine.advance(&orders[index], to: time, wallet: &desk.wallet, liquidity: &desk.liquidity).map {
                    (side, $0)
                }
            }
            if Int.random(in: 0..<4, using: &random) == 0,
                let index = orders.indices.filter({ orders[$0].isOpen }).randomElement(using: &random)
            {
                try Settlement(rules: desk.engine.market.rules).close(&orders[index], as: .canceled, time: time, wallet: &desk.wallet)
            }
            var order = try randomOrder(&random, near: desk.moment(time).price)
            let side = order.side
            if let new = try? desk.place(&order, at: time) {
                fills += new.map { (side, $0) }
                order.checkedTime = time
                orders.append(order)
            }
            try check(desk.wallet, orders, fills)
        }
        #expect(!fills.isEmpty)
    }

    private func randomOrder(_ random: inout Seeded, near price: Decimal) throws -> Order {
        let side: Order.Side = Bool.random(using: &random) ? .buy : .sell
        let quantity = try Decimal(Int64.random(in: 1...300_000, using: &random)) * Decimal(canonical: "0.00001")
        guard Bool.random(using: &random) else { return try MatchingTests.order(side, .market, quantity: quantity.description) }
        let offset = try Decimal(Int64.random(in: -20_000...20_000, using: &random)) * Decimal(canonical: "0.01")
        return try MatchingTests.order(side, .limit, quantity: quantity.description, price: (price + offset).description)
    }

    private func check(_ wallet: Wallet, _ orders: [Order], _ fills: [(Order.Side, Fill)]) throws {
        var (usdt, btc) = (Decimal(500_000), Decimal(5))
        for (side, fill) in fills {
            if side == .buy {
                (usdt, btc) = (try usdt - fill.quote, try btc + fill.quantity - fill.commission)
            } else {
                (usdt, btc) = (try usdt + fill.quote - fill.commission, try btc - fill.quantity)
            }
        }
        #expect(try wallet["USDT"].free + wallet["USDT"].locked == usdt)
        #expect(try wallet["BTC"].free + wallet["BTC"].locked == btc)
        for (asset, side) in [("USDT", Order.Side.buy), ("BTC", .sell)] {
            let reserved = try orders.filter { $0.side == side }.reduce(Decimal.zero) { try $0 + $1.reserved }
            #expect(wallet[asset].locked == reserved && !wallet[asset].free.isNegative)
        }
    }
}
