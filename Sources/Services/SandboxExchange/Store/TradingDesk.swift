/// Everything that changes orders and accounts, each in one transaction. Before anything else in it, the account's waiting orders
/// are brought up to the present.
struct TradingDesk {
    let transaction: SandboxTransaction
    let markets: [String: Market]
    /// Market time.
    let now: Int64

    private func market(_ symbol: String) throws -> Market {
        guard let market = markets[symbol] else { throw ExchangeFault.badSymbol }
        return market
    }

    /// Fills the account's waiting orders with what the market did since they were last looked at.
    func catchUp(_ account: Int64) throws {
        let open = try transaction.openOrders(account)
        guard !open.isEmpty else { return }
        var wallet = try transaction.wallet(of: account)
        let before = wallet
        for order in open { try catchUp(order, wallet: &wallet) }
        if wallet != before { try transaction.save(wallet, of: account) }
    }

    private func catchUp(_ order: Order, wallet: inout Wallet) throws {
        guard let market = markets[order.symbol] else { return }
        var order = order
        let checked = order.checkedTime
        var liquidity = try transaction.liquidity(order.symbol)
        let fills = try MatchingEngine(market: market).advance(&order, to: now, wallet: &wallet, liquidity: &liquidity)
        for fill in fills { _ = try transaction.insert(fill, of: order) }
        if !fills.isEmpty { try transaction.save(liquidity, of: order.symbol) }
        let interval = market.source.interval
        // Looking again at the same candle changes nothing, so only a new one is worth a write.
        if !fills.isEmpty || interval.openTime(of: checked) != interval.openTime(of: now) { try transaction.update(order) }
    }

    /// - Throws: `ExchangeFault`.
    func place(_ order: Order) throws -> (order: Order, trades: [Trade]) {
        let market = try market(order.symbol)
        try catchUp(order.account)
        try checkOpenOrders(of: order, market: market)
        guard let moment = try market.moment(at: now) else { throw ExchangeFault.marketClosed }
        var order = order
        var wallet = try transaction.wallet(of: order.account)
        var liquidity = try transaction.liquidity(order.symbol)
        let fills = try accept(&order, market: market, moment: moment, wallet: &wallet, liquidity: &liquidity)
        order.id = try transaction.insert(order)
        let trades = try fills.map { try transaction.insert($0, of: order) }
        try transaction.save(wallet, of: order.account)
        if !fills.isEmpty { try transaction.save(liquidity, of: order.symbol) }
        return (order, trades)
    }

    private func accept(
        _ order: inout Order, market: Market, moment: Market.Moment, wallet: inout Wallet, liquidity: inout Liquidity
    ) throws -> [Fill] {
        do {
            return try MatchingEngine(market: market).accept(&order, at: moment, wallet: &wallet, liquidity: &liquidity)
        } catch let refusal as MatchingEngine.Refusal {
            switch refusal {
            case .marketClosed: throw ExchangeFault.marketClosed
            case .insufficientBalance: throw ExchangeFault.insufficientBalance
            case .wouldTake: throw ExchangeFault.wouldTake
            case .tooSmall: throw ExchangeFault.filter("LOT_SIZE")
            }
        }
    }

    /// A client id may be used again once the order that had it is done.
    private func checkOpenOrders(of order: Order, market: Market) throws {
        let open = try transaction.openOrders(order.account, symbol: order.symbol)
        guard !open.contains(where: { $0.clientOrderID == order.clientOrderID }) else { throw ExchangeFault.duplicateOrder }
        guard order.kind == .market || open.count < market.rules.maximumOpenOrders else { throw ExchangeFault.filter("MAX_NUM_ORDERS") }
    }

    func cancel(_ reference: OrderReference, account: Int64, restriction: CancelRestriction?) throws -> Order {
        try catchUp(account)
        guard let order = try find(reference, account: account), order.isOpen else { throw ExchangeFault.unknownOrder }
        guard restriction?.allows(order.status) ?? true else {
            throw ExchangeFault(code: -2011, message: "Order was not canceled due to cancel restrictions.")
        }
        return try cancel(order)
    }

    func cancelAll(account: Int64, symbol: String) throws -> [Order] {
        try catchUp(account)
        let open = try transaction.openOrders(account, symbol: symbol)
        guard !open.isEmpty else { throw ExchangeFault.unknownOrder }
        return try open.map(cancel)
    }

    private func cancel(_ order: Order) throws -> Order {
        var order = order
        var wallet = try transaction.wallet(of: order.account)
        try Settlement(rules: market(order.symbol).rules).close(&order, as: .canceled, time: now, wallet: &wallet)
        try transaction.update(order)
        try transaction.save(wallet, of: order.account)
        return order
    }

    /// By id where one is given; a client id beside it must be the same order's.
    func find(_ reference: OrderReference, account: Int64) throws -> Order? {
        guard let id = reference.id else {
            return try reference.clientOrderID.flatMap {
                try transaction.order(account, symbol: reference.symbol, clientOrderID: $0)
            }
        }
        let order = try transaction.order(account, symbol: reference.symbol, id: id)
        guard let clientOrderID = reference.clientOrderID else { return order }
        return order?.clientOrderID == clientOrderID ? order : nil
    }
}

/// How a request names an order.
struct OrderReference: Sendable, Equatable {
    let symbol: String
    let id: Int64?
    let clientOrderID: String?
}
