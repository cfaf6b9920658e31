import Trading

extension MatchingEngine {
    /// Fills a waiting order with what the market did from `order.checkedTime` up to `now`.
    ///
    /// It trades at its own price once the price path reaches it; when a candle opens beyond that price, at the candle's nearest one.
    /// Each candle gives at most what its book holds, so a large order fills in parts.
    func advance(_ order: inout Order, to now: Int64, wallet: inout Wallet, liquidity: inout Liquidity) throws -> [Fill] {
        var fills: [Fill] = []
        let interval = market.source.interval
        var openTime = interval.openTime(of: order.checkedTime)
        let last = min(now, market.source.span.upperBound)
        while order.isOpen, openTime <= last {
            if let candle = market.source.candle(openTime: openTime), reaches(candle, order),
                let fill = try fill(order: &order, in: candle, now: now, wallet: &wallet, liquidity: &liquidity)
            {
                fills.append(fill)
            }
            openTime += interval.milliseconds
        }
        order.checkedTime = max(order.checkedTime, now)
        return fills
    }

    private func reaches(_ candle: Candle, _ order: Order) -> Bool {
        order.side == .buy ? candle.low <= order.price : candle.high >= order.price
    }

    private func fill(
        order: inout Order, in candle: Candle, now: Int64, wallet: inout Wallet, liquidity: inout Liquidity
    ) throws -> Fill? {
        let path = PricePath(candle: candle, tickSize: market.rules.tickSize)
        // The beat in which it was last looked at is over for it.
        let first = order.checkedTime < candle.openTime ? 0 : path.beat(at: order.checkedTime) + 1
        let last = now > candle.closeTime ? PricePath.beats - 1 : path.beat(at: now)
        guard first <= last else { return nil }
        let beat = try (first...last).first { beat in
            let price = try path.price(beat: beat)
            return order.side == .buy ? price <= order.price : price >= order.price
        }
        guard let beat else { return nil }
        let price = order.side == .buy ? min(order.price, candle.high) : max(order.price, candle.low)
        let offered = try OrderBook.levelQuantity(price: price, candle: candle, rules: market.rules) * Decimal(Int64(OrderBook.depth))
        let left = try offered - min(offered, liquidity.taken(by: order.side, in: candle))
        let quantity = min(try order.remaining(), left)
        guard quantity.isPositive else { return nil }
        try liquidity.take(quantity, by: order.side, in: candle)
        return try Settlement(rules: market.rules).settle(
            quantity, at: price, time: max(path.time(ofBeat: beat), order.checkedTime), isMaker: true, order: &order, wallet: &wallet)
    }
}
