public import Trading

/// What `exchangeInfo` says about one symbol: its assets and the filters that an order must pass.
///
/// A limit that the exchange switched off (zero) or does not have is nil.
public struct SymbolRules: Sendable, Equatable {
    public var symbol: String
    public var baseAsset: String
    public var quoteAsset: String
    /// Takes orders now.
    public var isTrading: Bool
    /// PRICE_FILTER.
    public var minimumPrice: Trading.Decimal?
    public var maximumPrice: Trading.Decimal?
    public var tickSize: Trading.Decimal?
    /// LOT_SIZE.
    public var minimumQuantity: Trading.Decimal?
    public var maximumQuantity: Trading.Decimal?
    public var stepSize: Trading.Decimal?
    /// MARKET_LOT_SIZE: of MARKET orders, beside LOT_SIZE.
    public var minimumMarketQuantity: Trading.Decimal?
    public var maximumMarketQuantity: Trading.Decimal?
    public var marketStepSize: Trading.Decimal?
    /// NOTIONAL or MIN_NOTIONAL.
    public var minimumNotional: Trading.Decimal?
    public var minimumNotionalAppliesToMarket: Bool
    public var maximumNotional: Trading.Decimal?
    public var maximumNotionalAppliesToMarket: Bool
    /// MAX_NUM_ORDERS: open orders of one account.
    public var maximumOpenOrders: Int?
}

extension SymbolRules: Decodable {
    private enum CodingKeys: String, CodingKey {
        case symbol, baseAsset, quoteAsset, status, filters
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let filters = try container.decode([Filter].self, forKey: .filters)
        let byType = Dictionary(filters.map { ($0.filterType, $0) }, uniquingKeysWith: { first, _ in first })
        let lot = byType["LOT_SIZE"]
        let marketLot = byType["MARKET_LOT_SIZE"]
        let notional = byType["NOTIONAL"] ?? byType["MIN_NOTIONAL"]
        symbol = try container.decode(String.self, forKey: .symbol)
        baseAsset = try container.decode(String.self, forKey: .baseAsset)
        quoteAsset = try container.decode(String.self, forKey: .quoteAsset)
        isTrading = try container.decode(String.self, forKey: .status) == "TRADING"
        minimumPrice = byType["PRICE_FILTER"]?.minPrice?.enabled
        maximumPrice = byType["PRICE_FILTER"]?.maxPrice?.enabled
        tickSize = byType["PRICE_FILTER"]?.tickSize?.enabled
        minimumQuantity = lot?.minQty?.enabled
        maximumQuantity = lot?.maxQty?.enabled
        stepSize = lot?.stepSize?.enabled
        minimumMarketQuantity = marketLot?.minQty?.enabled
        maximumMarketQuantity = marketLot?.maxQty?.enabled
        marketStepSize = marketLot?.stepSize?.enabled
        minimumNotional = notional?.minNotional?.enabled
        minimumNotionalAppliesToMarket = notional?.applyMinToMarket ?? notional?.applyToMarket ?? false
        maximumNotional = notional?.maxNotional?.enabled
        maximumNotionalAppliesToMarket = notional?.applyMaxToMarket ?? false
        maximumOpenOrders = byType["MAX_NUM_ORDERS"]?.maxNumOrders
    }

    /// The fields of all the filters that matter here.
    private struct Filter: Decodable {
        var filterType: String
        var minPrice, maxPrice, tickSize: WireDecimal?
        var minQty, maxQty, stepSize: WireDecimal?
        var minNotional, maxNotional: WireDecimal?
        var applyToMarket, applyMinToMarket, applyMaxToMarket: Bool?
        var maxNumOrders: Int?
    }
}

extension WireDecimal {
    /// Nil for zero, by which the exchange switches a limit off.
    fileprivate var enabled: Trading.Decimal? { value.isZero ? nil : value }
}

/// The part of `exchangeInfo` that is read.
struct ExchangeInformation: Decodable {
    var symbols: [SymbolRules]
}
