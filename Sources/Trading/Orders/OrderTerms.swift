/// Which way. The raw value is the exchange's word.
public enum Side: String, Sendable, Hashable, CaseIterable {
    case buy = "BUY"
    case sell = "SELL"
}

/// The raw value is the exchange's word.
public enum OrderType: String, Sendable, Hashable, CaseIterable {
    case market = "MARKET"
    case limit = "LIMIT"
}

/// The raw value is the exchange's word. MARKET orders have none.
public enum TimeInForce: String, Sendable, Hashable, CaseIterable {
    case goodTillCancelled = "GTC"
}

/// How much.
public enum OrderAmount: Sendable, Hashable {
    /// Of the base asset.
    case quantity(Decimal)
    /// To spend or receive, in the quote asset. MARKET only.
    case quoteQuantity(Decimal)
}

/// An order as it goes to the exchange: consistent, but not yet checked against filters or limits.
public struct OrderDraft: Sendable, Hashable {
    public let symbol: Symbol
    public let side: Side
    public let amount: OrderAmount
    /// The limit price; nil makes it a MARKET order.
    public let price: Decimal?

    /// - Throws: an `OrderDraftError` when a number is not more than zero or the combination is not one the exchange takes.
    public init(symbol: Symbol, side: Side, amount: OrderAmount, price: Decimal?) throws(OrderDraftError) {
        switch amount {
        case .quantity(let quantity): guard quantity.isPositive else { throw .amountNotPositive }
        case .quoteQuantity(let quote):
            guard quote.isPositive else { throw .amountNotPositive }
            guard price == nil else { throw .quoteQuantityWithPrice }
        }
        if let price, !price.isPositive { throw .priceNotPositive }
        self.symbol = symbol
        self.side = side
        self.amount = amount
        self.price = price
    }

    public var type: OrderType { price == nil ? .market : .limit }
    public var timeInForce: TimeInForce? { price == nil ? nil : .goodTillCancelled }
    public var quantity: Decimal? { if case .quantity(let value) = amount { value } else { nil } }
    public var quoteQuantity: Decimal? { if case .quoteQuantity(let value) = amount { value } else { nil } }
}

public enum OrderDraftError: Error, Sendable, Equatable {
    case amountNotPositive
    case priceNotPositive
    /// A LIMIT order's amount is a base quantity.
    case quoteQuantityWithPrice
}
