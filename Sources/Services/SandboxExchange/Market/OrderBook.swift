import Trading

/// The offers of the simulated market at one moment, best first. All prices lie within the minute's low and high.
struct OrderBook: Sendable, Equatable {
    struct Level: Sendable, Equatable {
        var price: Decimal
        var quantity: Decimal
    }

    let bids: [Level]
    let asks: [Level]
    private let tickSize: Decimal

    static let depth = 20

    /// A book around `price`, a tick away on either side where the candle's range allows it.
    init(around price: Decimal, candle: Candle, rules: SymbolRules) throws {
        tickSize = rules.tickSize
        let spacing = try max(
            rules.tickSize, price.multiplied(by: Decimal(canonical: "0.00005"), rounding: .down).roundedDown(toStep: rules.tickSize))
        let quantity = try Self.levelQuantity(price: price, candle: candle, rules: rules)
        asks = try Self.levels {
            min(try price + tick(rules, $0, spacing), candle.high)
        } of: {
            quantity
        }
        bids = try Self.levels {
            max(try price - tick(rules, $0, spacing), candle.low)
        } of: {
            quantity
        }
        func tick(_ rules: SymbolRules, _ level: Int, _ spacing: Decimal) throws -> Decimal {
            try rules.tickSize + spacing * Decimal(Int64(level))
        }
    }

    /// Bids as shown: in a minute without movement bid and ask would meet, so the bid is shown a tick below.
    var shownBids: [Level] {
        guard let ask = asks.first, let bid = bids.first, bid.price >= ask.price else { return bids }
        let below = bids.filter { $0.price < ask.price }
        guard below.isEmpty, let price = try? ask.price - tickSize, price.isPositive else { return below }
        return [Level(price: price, quantity: bid.quantity)]
    }

    /// A fortieth of the minute's volume, at least the listed minimum.
    static func levelQuantity(price: Decimal, candle: Candle, rules: SymbolRules) throws -> Decimal {
        let share = try candle.volume.divided(by: Decimal(40), scale: 8, rounding: .down)
        let least = try rules.levelNotional.divided(by: price, scale: 8, rounding: .up)
        return try max(share, least).roundedUp(toStep: rules.stepSize)
    }

    /// Levels whose prices met at the end of the range become one.
    private static func levels(_ price: (Int) throws -> Decimal, of quantity: () throws -> Decimal) throws -> [Level] {
        var levels: [Level] = []
        for index in 0..<depth {
            let level = Level(price: try price(index), quantity: try quantity())
            if let last = levels.last, last.price == level.price {
                levels[levels.count - 1].quantity = try last.quantity + level.quantity
            } else {
                levels.append(level)
            }
        }
        return levels
    }
}
