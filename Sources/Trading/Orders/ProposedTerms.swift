/// What somebody asks execution to propose: parsed, nothing looked up or computed yet.
public struct ProposedTerms: Sendable, Hashable {
    public enum Amount: Sendable, Hashable {
        case quantity(Decimal)
        case quoteQuantity(Decimal)
        /// Part of the free balance of the asset given up, 0 < portion ≤ 1.
        case portion(Decimal)
    }

    public enum Price: Sendable, Hashable {
        case market
        case limit(Decimal)
        /// A signed part of the market price: 0.02 is 2 % above. More than −1, at most 1.
        case offset(Decimal)
    }

    public let symbol: Symbol
    public let side: Side
    public let amount: Amount
    public let price: Price

    public var type: OrderType { price == .market ? .market : .limit }

    /// - Parameters: decimals as canonical text; nil where absent.
    /// - Throws: `ProposedTermsError`: which rule the request breaks.
    public init(
        symbol: String, side: Side, type: OrderType, quantity: String?, quoteQuantity: String?, portion: String?, price: String?,
        offset: String?
    ) throws(ProposedTermsError) {
        guard let symbol = Symbol(symbol) else { throw .malformed("symbol") }
        self.symbol = symbol
        self.side = side
        amount = try ProposedTerms.amount(quantity: quantity, quoteQuantity: quoteQuantity, portion: portion)
        self.price = try ProposedTerms.price(type: type, price: price, offset: offset)
        if type == .limit, case .quoteQuantity = amount { throw .quoteQuantityWithLimit }
    }

    private static func amount(quantity: String?, quoteQuantity: String?, portion: String?) throws(ProposedTermsError) -> Amount {
        switch (quantity, quoteQuantity, portion) {
        case (let text?, nil, nil): return .quantity(try positive(text, "quantity"))
        case (nil, let text?, nil): return .quoteQuantity(try positive(text, "quote_quantity"))
        case (nil, nil, let text?):
            let value = try positive(text, "portion")
            guard value <= .one else { throw .outOfRange("portion") }
            return .portion(value)
        default: throw .amountNotExactlyOne
        }
    }

    private static func price(type: OrderType, price: String?, offset: String?) throws(ProposedTermsError) -> Price {
        switch (type, price, offset) {
        case (.market, nil, nil): return .market
        case (.limit, let text?, nil): return .limit(try positive(text, "price"))
        case (.limit, nil, let text?):
            guard let value = Decimal(text) else { throw .malformed("offset") }
            guard value > -Decimal.one, value <= .one else { throw .outOfRange("offset") }
            return .offset(value)
        case (.market, _, _): throw .priceWithMarket
        case (.limit, _, _): throw .priceNotExactlyOne
        }
    }

    private static func positive(_ text: String, _ field: String) throws(ProposedTermsError) -> Decimal {
        guard let value = Decimal(text) else { throw .malformed(field) }
        guard value.isPositive else { throw .outOfRange(field) }
        return value
    }
}

public enum ProposedTermsError: Error, Sendable, Equatable {
    /// Not a canonical decimal, or not a symbol.
    case malformed(String)
    case outOfRange(String)
    /// Exactly one of quantity, quote_quantity and portion is needed.
    case amountNotExactlyOne
    /// A LIMIT order needs exactly one of price and offset.
    case priceNotExactlyOne
    case priceWithMarket
    case quoteQuantityWithLimit
}
