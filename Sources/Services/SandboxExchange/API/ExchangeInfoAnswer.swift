import Trading

/// The answer of `GET /api/v3/exchangeInfo`.
struct ExchangeInfoAnswer: Encodable {
    struct RateLimit: Encodable {
        let rateLimitType: String
        let interval: String
        let intervalNum: Int
        let limit: Int
    }

    struct Symbol: Encodable {
        let symbol: String
        let status: String
        let baseAsset: String
        let baseAssetPrecision = SymbolRules.quotePrecision
        let quoteAsset: String
        let quotePrecision = SymbolRules.quotePrecision
        let quoteAssetPrecision = SymbolRules.quotePrecision
        let baseCommissionPrecision = SymbolRules.quotePrecision
        let quoteCommissionPrecision = SymbolRules.quotePrecision
        let orderTypes = ["LIMIT", "LIMIT_MAKER", "MARKET"]
        let icebergAllowed = false
        let ocoAllowed = false
        let otoAllowed = false
        let quoteOrderQtyMarketAllowed = true
        let allowTrailingStop = false
        let cancelReplaceAllowed = false
        let amendAllowed = false
        let isSpotTradingAllowed = true
        let isMarginTradingAllowed = false
        let filters: [Filter]
        let permissions: [String] = []
        let permissionSets = [["SPOT"]]
        let defaultSelfTradePreventionMode = "NONE"
        let allowedSelfTradePreventionModes = ["NONE"]
    }

    /// The fields of whichever filter it is; the others are left out.
    struct Filter: Encodable {
        let filterType: String
        var minPrice, maxPrice, tickSize: Amount?
        var minQty, maxQty, stepSize: Amount?
        var minNotional, maxNotional: Amount?
        var applyMinToMarket, applyMaxToMarket: Bool?
        var avgPriceMins: Int?
        var maxNumOrders: Int?
    }

    let timezone = "UTC"
    let serverTime: Int64
    let rateLimits: [RateLimit]
    let exchangeFilters: [Filter] = []
    let symbols: [Symbol]

    static func rateLimits(weight: WeightMeter.Limits, orders: OrderMeter.Limits) -> [RateLimit] {
        [
            RateLimit(rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: weight.weightPerMinute),
            RateLimit(rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: orders.perTenSeconds),
            RateLimit(rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: orders.perDay),
        ]
    }
}

extension ExchangeInfoAnswer.Symbol {
    init(_ rules: SymbolRules, isOpen: Bool) {
        symbol = rules.symbol
        status = isOpen ? "TRADING" : "BREAK"
        baseAsset = rules.baseAsset
        quoteAsset = rules.quoteAsset
        filters = [
            .init(
                filterType: "PRICE_FILTER", minPrice: Amount(rules.minimumPrice), maxPrice: Amount(rules.maximumPrice),
                tickSize: Amount(rules.tickSize)),
            .init(
                filterType: "LOT_SIZE", minQty: Amount(rules.minimumQuantity), maxQty: Amount(rules.maximumQuantity),
                stepSize: Amount(rules.stepSize)),
            .init(
                filterType: "MARKET_LOT_SIZE", minQty: Amount(.zero), maxQty: Amount(rules.maximumMarketQuantity), stepSize: Amount(.zero)),
            .init(
                filterType: "NOTIONAL", minNotional: Amount(rules.minimumNotional), maxNotional: Amount(rules.maximumNotional),
                applyMinToMarket: true, applyMaxToMarket: false, avgPriceMins: SymbolRules.averagePriceMinutes),
            .init(filterType: "MAX_NUM_ORDERS", maxNumOrders: rules.maximumOpenOrders),
        ]
    }
}
