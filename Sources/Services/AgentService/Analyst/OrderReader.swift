internal import Trading

/// From what was said to what is proposed; nothing is added that was not said.
enum OrderReader {
    static func intent(of reading: UtteranceReading) -> Intent {
        let missing = missing(in: reading)
        guard missing.isEmpty, let side = reading.side?.value, let symbol = reading.symbol?.value, let amount = reading.amount?.value else {
            return .incompleteOrder(missing: missing)
        }
        var order = ProposeArguments(symbol: symbol.name, side: side == .buy ? .buy : .sell, type: .market)
        switch amount {
        case .quantity(let value, _): order.quantity = value
        case .quoteQuantity(let value, _): order.quoteQuantity = value
        case .portion(let value, _): order.portion = value
        }
        switch reading.price?.value {
        case .limit(let value, _): (order.type, order.price) = (.limit, value)
        case .offset(let value): (order.type, order.offset) = (.limit, value)
        case nil: break
        }
        return .order(order)
    }

    private static func missing(in reading: UtteranceReading) -> [String] {
        var missing: [String] = []
        if reading.symbol == nil { missing.append("which market, for example BTC") }
        if reading.amount == nil { missing.append("how much, for example 0.01 BTC, 100 USDT or half") }
        if reading.price == nil, reading.type?.value == .limit { missing.append("the limit price") }
        if reading.price == nil, reading.type == nil, !reading.leavesTypeOpen { missing.append("whether at market or at which one price") }
        return missing
    }
}
