public import Trading

/// The account behind a key.
public struct AccountInformation: Sendable, Equatable, Decodable {
    /// Of the account, not of the key: a key without the permission is refused with -2015.
    public var canTrade: Bool
    public var balances: [AssetBalance]
    /// Milliseconds since 1970.
    public var updatedMilliseconds: Int64

    private enum CodingKeys: String, CodingKey {
        case canTrade, balances, updateTime
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        canTrade = try container.decode(Bool.self, forKey: .canTrade)
        balances = try container.decode([AssetBalance].self, forKey: .balances)
        updatedMilliseconds = try container.decode(Int64.self, forKey: .updateTime)
    }
}

public struct AssetBalance: Sendable, Equatable, Decodable {
    public var asset: String
    public var free: Trading.Decimal
    /// Reserved by open orders.
    public var locked: Trading.Decimal

    private enum CodingKeys: String, CodingKey {
        case asset, free, locked
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        asset = try container.decode(String.self, forKey: .asset)
        free = try container.decimal(.free)
        locked = try container.decimal(.locked)
    }
}
