import Trading

/// Fills orders against the market's offers. Pure: market time goes in, fills and the changed order and account come out.
struct MatchingEngine: Sendable {
    let market: Market

    private var settlement: Settlement { Settlement(rules: market.rules) }

    /// Why a new order is not taken.
    enum Refusal: Error, Equatable {
        case marketClosed
        case insufficientBalance
        case wouldTake
        /// The amount comes to less than the smallest quantity.
        case tooSmall
    }

    /// Takes a new order: fills what the book offers, and lets the rest wait, expire or be refused as its kind says.
    ///
    /// - Throws: `Refusal`; nothing has changed then.
    func accept(_ order: inout Order, at moment: Market.Moment, wallet: inout Wallet, liquidity: inout Liquidity) throws -> [Fill] {
        guard moment.isOpen else { throw Refusal.marketClosed }
        var (next, purse, taken) = (order, wallet, liquidity)
        do {
            let fills = try fill(&next, at: moment, wallet: &purse, liquidity: &taken)
            (order, wallet, liquidity) = (next, purse, taken)
            return fills
        } catch is Wallet.InsufficientBalance {
            throw Refusal.insufficientBalance
        }
    }

    private func fill(_ order: inout Order, at moment: Market.Moment, wallet: inout Wallet, liquidity: inout Liquidity) throws -> [Fill] {
        let offers = try offers(to: order, at: moment, liquidity: liquidity)
        if order.quoteQuantity.isPositive { order.quantity = try quantity(forQuote: order.quoteQuantity, offers: offers) }
        guard order.quantity >= market.rules.minimumQuantity else { throw Refusal.tooSmall }
        if order.kind == .limitMaker, !offers.isEmpty { throw Refusal.wouldTake }
        if order.kind != .market {
            let reserve = try settlement.reserve(order.side, quantity: order.quantity, price: order.price)
            try wallet.lock(reserve, of: settlement.assetGiven(order.side))
            order.reserved = reserve
        }
        let takes = try plan(order.quantity, from: offers)
        let found = try takes.reduce(Decimal.zero) { try $0 + $1.quantity }
        if order.timeInForce == .fillOrKill, found < order.quantity {
            try settlement.close(&order, as: .expired, time: moment.time, wallet: &wallet)
            return []
        }
        let fills = try takes.map { take in
            try liquidity.take(take.quantity, by: order.side, in: moment.candle)
            return try settlement.settle(
                take.quantity, at: take.price, time: moment.time, isMaker: false, order: &order, wallet: &wallet)
        }
        if order.isOpen, order.kind == .market || order.timeInForce != .goodTillCancelled {
            try settlement.close(&order, as: .expired, time: moment.time, wallet: &wallet)
        }
        return fills
    }

    /// What the book offers to this order now, best first, less what others took of this candle, and not beyond its price.
    private func offers(to order: Order, at moment: Market.Moment, liquidity: Liquidity) throws -> [OrderBook.Level] {
        let book = try market.book(at: moment)
        var taken = liquidity.taken(by: order.side, in: moment.candle)
        return try (order.side == .buy ? book.asks : book.bids).compactMap { level in
            guard order.kind == .market || (order.side == .buy ? level.price <= order.price : level.price >= order.price) else {
                return nil
            }
            let gone = min(taken, level.quantity)
            taken = try taken - gone
            return gone == level.quantity ? nil : OrderBook.Level(price: level.price, quantity: try level.quantity - gone)
        }
    }

    private func plan(_ quantity: Decimal, from offers: [OrderBook.Level]) throws -> [OrderBook.Level] {
        var left = quantity
        return try offers.compactMap { offer in
            guard left.isPositive else { return nil }
            let part = min(left, offer.quantity)
            left = try left - part
            return OrderBook.Level(price: offer.price, quantity: part)
        }
    }

    /// The base quantity, in whole steps, that a quote amount buys or that brings it in.
    private func quantity(forQuote amount: Decimal, offers: [OrderBook.Level]) throws -> Decimal {
        var left = amount
        var quantity = Decimal.zero
        for offer in offers where left.isPositive {
            let affordable = try left.divided(by: offer.price, scale: 8, rounding: .down).roundedDown(toStep: market.rules.stepSize)
            let part = min(affordable, offer.quantity)
            quantity = try quantity + part
            guard part == offer.quantity else { break }
            left = try left - settlement.cost(part, at: offer.price)
        }
        return quantity
    }
}
