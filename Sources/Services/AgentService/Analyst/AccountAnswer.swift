internal import Trading

/// What is said about the person's own account.
enum AccountAnswer {
    static func portfolio(_ results: ToolResults, _ assets: AssetWords) -> [String] {
        guard let portfolio = results.all(PortfolioOutput.self, of: .portfolio).first else {
            return MarketAnswer.failures(results, .portfolio)
        }
        let held = portfolio.balances.filter { !$0.free.isZero || !$0.locked.isZero }
        guard !held.isEmpty else { return ["You own nothing yet."] }
        let prices = results.all(PriceOutput.self, of: .price)
        return held.map { line($0, value: value(of: $0, prices, assets)) } + [total(held, prices, assets)].compactMap(\.self)
    }

    private static func line(_ balance: PortfolioOutput.Balance, value: (amount: Decimal, quote: String)?) -> String {
        let locked = balance.locked.isZero ? "" : ", of which \(balance.locked) in open orders"
        let worth = value.map { ", worth about \(Wording.number($0.amount, places: 2)) \($0.quote)" } ?? ""
        return "\((try? balance.free + balance.locked) ?? balance.free) \(balance.asset)\(locked)\(worth). "
    }

    /// At the last price; nil for an asset without a known market.
    private static func value(of balance: PortfolioOutput.Balance, _ prices: [PriceOutput], _ assets: AssetWords) -> (
        amount: Decimal, quote: String
    )? {
        guard
            let market = assets.market(of: balance.asset), let price = prices.first(where: { $0.symbol == market.symbol.name }),
            let amount = try? (balance.free + balance.locked).multiplied(by: price.price, scale: 8, rounding: .down)
        else { return nil }
        return (amount, market.quote.name)
    }

    /// Only when every asset has a value in the same quote.
    private static func total(_ held: [PortfolioOutput.Balance], _ prices: [PriceOutput], _ assets: AssetWords) -> String? {
        guard held.count > 1, let quote = assets.instruments.first?.quote.name else { return nil }
        var sum = Decimal.zero
        for balance in held {
            let own = try? balance.free + balance.locked
            guard
                let part = balance.asset == quote
                    ? own : value(of: balance, prices, assets).flatMap({ $0.quote == quote ? $0.amount : nil })
            else {
                return nil
            }
            guard let next = try? sum + part else { return nil }
            sum = next
        }
        return "Together about \(Wording.number(sum, places: 2)) \(quote)."
    }

    static func openOrders(_ results: ToolResults) -> [String] {
        guard let orders = results.all(OpenOrdersOutput.self, of: .openOrders).first?.orders else {
            return MarketAnswer.failures(results, .openOrders)
        }
        guard !orders.isEmpty else { return ["You have no open orders."] }
        return ["You have \(orders.count) open order\(orders.count == 1 ? "" : "s"). "] + orders.map(line)
    }

    private static func line(_ order: OpenOrdersOutput.Order) -> String {
        let price = order.price.isEmpty ? "at market" : "at \(order.price)"
        let done = order.executed.isEmpty || order.executed == "0" ? "" : ", \(order.executed) of it done"
        return "\(order.side == "BUY" ? "Buy" : "Sell") \(order.quantity) \(order.symbol) \(price): \(order.state)\(done). "
    }
}
