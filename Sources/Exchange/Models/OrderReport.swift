public import Trading

/// An order as the exchange reports it: the answer to placing, asking for or cancelling one.
public struct OrderReport: Sendable, Equatable {
    public var symbol: String
    public var orderID: Int64
    public var clientOrderID: String
    public var side: OrderSide
    /// Binance's word, such as `MARKET`.
    public var type: String
    public var status: OrderStatus
    /// Zero for a MARKET order.
    public var price: Trading.Decimal
    /// Base quantity asked for.
    public var originalQuantity: Trading.Decimal
    /// Base quantity filled so far.
    public var executedQuantity: Trading.Decimal
    /// Quote amount of the fills so far.
    public var executedQuote: Trading.Decimal
    /// When the exchange last changed the order, milliseconds since 1970.
    public var updatedMilliseconds: Int64
    /// Only in the answer to placing an order.
    public var fills: [OrderFill]
}

/// One trade of an order.
public struct OrderFill: Sendable, Equatable {
    public var tradeID: Int64
    public var price: Trading.Decimal
    public var quantity: Trading.Decimal
    public var commission: Trading.Decimal
    public var commissionAsset: String

    public init(
        tradeID: Int64, price: Trading.Decimal, quantity: Trading.Decimal, commission: Trading.Decimal, commissionAsset: String
    ) {
        self.tradeID = tradeID
        self.price = price
        self.quantity = quantity
        self.commission = commission
        self.commissionAsset = commissionAsset
    }
}

extension OrderReport: Decodable {
    private enum CodingKeys: String, CodingKey {
        case symbol, orderId, clientOrderId, origClientOrderId, side, type, status, price, origQty, executedQty, cummulativeQuoteQty
        case transactTime, updateTime, time, fills
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        symbol = try container.decode(String.self, forKey: .symbol)
        orderID = try container.decode(Int64.self, forKey: .orderId)
        // The answer to a cancellation has the id of the cancellation in `clientOrderId`.
        clientOrderID =
            try container.decodeIfPresent(String.self, forKey: .origClientOrderId)
            ?? container.decode(String.self, forKey: .clientOrderId)
        side = try container.decode(OrderSide.self, forKey: .side)
        type = try container.decode(String.self, forKey: .type)
        status = OrderStatus(wire: try container.decode(String.self, forKey: .status))
        price = try container.decimal(.price)
        originalQuantity = try container.decimal(.origQty)
        executedQuantity = try container.decimal(.executedQty)
        executedQuote = try container.decimal(.cummulativeQuoteQty)
        updatedMilliseconds =
            try container.decodeIfPresent(Int64.self, forKey: .updateTime)
            ?? container.decodeIfPresent(Int64.self, forKey: .transactTime) ?? 0
        fills = try container.decodeIfPresent([OrderFill].self, forKey: .fills) ?? []
    }
}

extension OrderFill: Decodable {
    private enum CodingKeys: String, CodingKey {
        case tradeId, price, qty, commission, commissionAsset
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        tradeID = try container.decode(Int64.self, forKey: .tradeId)
        price = try container.decimal(.price)
        quantity = try container.decimal(.qty)
        commission = try container.decimal(.commission)
        commissionAsset = try container.decode(String.self, forKey: .commissionAsset)
    }
}
