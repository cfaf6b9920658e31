/// What one API key may do, and from where, as the exchange itself says.
///
/// Source: `GET /sapi/v1/account/apiRestrictions`, "Get API Key Permission". `canTrade` and the like in the account's information are
/// the account's, not the key's.
public struct KeyRestrictions: Sendable, Equatable {
    /// Only requests from listed addresses are taken.
    public var isRestrictedToAddresses: Bool
    public var mayRead: Bool
    public var mayTradeSpot: Bool
    public var mayWithdraw: Bool
    /// Between the account's wallets, or to other accounts.
    public var mayTransfer: Bool
    /// Margin, futures, options or portfolio margin.
    public var mayTradeOnCredit: Bool

    public init(
        isRestrictedToAddresses: Bool, mayRead: Bool = true, mayTradeSpot: Bool, mayWithdraw: Bool = false, mayTransfer: Bool = false,
        mayTradeOnCredit: Bool = false
    ) {
        self.isRestrictedToAddresses = isRestrictedToAddresses
        self.mayRead = mayRead
        self.mayTradeSpot = mayTradeSpot
        self.mayWithdraw = mayWithdraw
        self.mayTransfer = mayTransfer
        self.mayTradeOnCredit = mayTradeOnCredit
    }
}

extension KeyRestrictions: Decodable {
    private enum CodingKeys: String, CodingKey {
        case ipRestrict, enableReading, enableSpotAndMarginTrading, enableWithdrawals, enableInternalTransfer, permitsUniversalTransfer
        case enableMargin, enableFutures, enableVanillaOptions, enablePortfolioMarginTrading
    }

    /// The four that decide must be there: their absence is not a "no".
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func any(_ keys: [CodingKeys]) throws -> Bool {
            try keys.contains { try container.decodeIfPresent(Bool.self, forKey: $0) ?? false }
        }
        isRestrictedToAddresses = try container.decode(Bool.self, forKey: .ipRestrict)
        mayRead = try container.decode(Bool.self, forKey: .enableReading)
        mayTradeSpot = try container.decode(Bool.self, forKey: .enableSpotAndMarginTrading)
        mayWithdraw = try container.decode(Bool.self, forKey: .enableWithdrawals)
        mayTransfer = try any([.enableInternalTransfer, .permitsUniversalTransfer])
        mayTradeOnCredit = try any([.enableMargin, .enableFutures, .enableVanillaOptions, .enablePortfolioMarginTrading])
    }
}
