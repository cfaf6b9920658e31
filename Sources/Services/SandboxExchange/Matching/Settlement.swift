import Trading

/// Books one trade of an order: the order's totals, the account's assets, the commission.
struct Settlement: Sendable {
    let rules: SymbolRules

    /// Part of what an account receives that the exchange keeps: 0.1 %.
    private static let commissionRate = "0.001"
    private static let scale = SymbolRules.quotePrecision

    /// What `quantity` costs at `price`, in the quote asset.
    func cost(_ quantity: Decimal, at price: Decimal, rounding: Decimal.Rounding = .down) throws -> Decimal {
        try quantity.multiplied(by: price, scale: Self.scale, rounding: rounding)
    }

    /// What an order of this quantity keeps locked while it waits.
    func reserve(_ side: Order.Side, quantity: Decimal, price: Decimal) throws -> Decimal {
        side == .buy ? try cost(quantity, at: price, rounding: .up) : quantity
    }

    func assetGiven(_ side: Order.Side) -> String {
        side == .buy ? rules.quoteAsset : rules.baseAsset
    }

    /// - Throws: `Wallet.InsufficientBalance`.
    func settle(
        _ quantity: Decimal, at price: Decimal, time: Int64, isMaker: Bool, order: inout Order, wallet: inout Wallet
    ) throws -> Fill {
        let quote = try cost(quantity, at: price)
        try pay(order.side == .buy ? quote : quantity, order: &order, wallet: &wallet)
        let received = order.side == .buy ? quantity : quote
        let asset = order.side == .buy ? rules.baseAsset : rules.quoteAsset
        let commission = try received.multiplied(by: Decimal(canonical: Self.commissionRate), scale: Self.scale, rounding: .down)
        try wallet.deposit(received - commission, of: asset)
        order.executed = try order.executed + quantity
        order.executedQuote = try order.executedQuote + quote
        order.updatedTime = time
        order.status = order.executed == order.quantity ? .filled : .partiallyFilled
        try releaseExcess(of: &order, wallet: &wallet)
        return Fill(
            price: price, quantity: quantity, quote: quote, commission: commission, commissionAsset: asset, isMaker: isMaker, time: time)
    }

    /// Ends an order that will not be filled further.
    func close(_ order: inout Order, as status: Order.Status, time: Int64, wallet: inout Wallet) throws {
        order.status = status
        order.updatedTime = time
        try releaseExcess(of: &order, wallet: &wallet)
    }

    /// From what is locked for the order, else from what is free.
    private func pay(_ amount: Decimal, order: inout Order, wallet: inout Wallet) throws {
        let asset = assetGiven(order.side)
        guard order.reserved.isPositive else { return try wallet.withdraw(amount, of: asset) }
        try wallet.unlock(amount, of: asset, spent: true)
        order.reserved = try order.reserved - amount
    }

    /// Unlocks what the rest of the order no longer needs.
    private func releaseExcess(of order: inout Order, wallet: inout Wallet) throws {
        guard order.reserved.isPositive else { return }
        let needed = order.isOpen ? try reserve(order.side, quantity: order.remaining(), price: order.price) : .zero
        guard order.reserved > needed else { return }
        try wallet.unlock(order.reserved - needed, of: assetGiven(order.side), spent: false)
        order.reserved = needed
    }
}

extension Decimal {
    typealias Rounding = DecimalRounding
}
