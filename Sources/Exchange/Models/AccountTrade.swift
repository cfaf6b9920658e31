import Trading

/// One of the account's own trades, from `myTrades`.
public struct AccountTrade: Sendable, Equatable, Decodable {
    public var orderID: Int64
    public var fill: OrderFill
    public var isBuyer: Bool
    /// Milliseconds since 1970.
    public var timeMilliseconds: Int64

    private enum CodingKeys: String, CodingKey {
        case id, orderId, price, qty, commission, commissionAsset, isBuyer, time
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        orderID = try container.decode(Int64.self, forKey: .orderId)
        fill = OrderFill(
            tradeID: try container.decode(Int64.self, forKey: .id), price: try container.decimal(.price),
            quantity: try container.decimal(.qty), commission: try container.decimal(.commission),
            commissionAsset: try container.decode(String.self, forKey: .commissionAsset))
        isBuyer = try container.decode(Bool.self, forKey: .isBuyer)
        timeMilliseconds = try container.decode(Int64.self, forKey: .time)
    }
}
