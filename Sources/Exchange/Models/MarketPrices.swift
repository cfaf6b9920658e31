public import Trading

/// The last price of a symbol.
public struct SymbolPrice: Sendable, Equatable, Decodable {
    public var symbol: String
    public var price: Trading.Decimal

    private enum CodingKeys: String, CodingKey {
        case symbol, price
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        symbol = try container.decode(String.self, forKey: .symbol)
        price = try container.decimal(.price)
    }
}

/// The best bid and ask of a symbol.
public struct SymbolBookTicker: Sendable, Equatable, Decodable {
    public var symbol: String
    public var bidPrice: Trading.Decimal
    public var bidQuantity: Trading.Decimal
    public var askPrice: Trading.Decimal
    public var askQuantity: Trading.Decimal

    private enum CodingKeys: String, CodingKey {
        case symbol, bidPrice, bidQty, askPrice, askQty
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        symbol = try container.decode(String.self, forKey: .symbol)
        bidPrice = try container.decimal(.bidPrice)
        bidQuantity = try container.decimal(.bidQty)
        askPrice = try container.decimal(.askPrice)
        askQuantity = try container.decimal(.askQty)
    }
}
