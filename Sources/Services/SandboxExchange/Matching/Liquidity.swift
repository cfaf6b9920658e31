import Trading

/// What orders of this exchange have already taken out of the current candle's offers. The recorded market does not react to them,
/// so each candle offers its share once.
struct Liquidity: Sendable, Equatable {
    /// The candle that the amounts belong to.
    var candleOpenTime: Int64 = 0
    var bought = Decimal.zero
    var sold = Decimal.zero

    func taken(by side: Order.Side, in candle: Candle) -> Decimal {
        guard candle.openTime == candleOpenTime else { return .zero }
        return side == .buy ? bought : sold
    }

    mutating func take(_ quantity: Decimal, by side: Order.Side, in candle: Candle) throws {
        if candle.openTime != candleOpenTime { self = Liquidity(candleOpenTime: candle.openTime) }
        switch side {
        case .buy: bought = try bought + quantity
        case .sell: sold = try sold + quantity
        }
    }
}
