/// A market and the exchange's filters for it (Binance Spot filters.md). A nil bound is one that the exchange does not set.
public struct Instrument: Sendable, Hashable {
    public let symbol: Symbol
    public let base: Asset
    public let quote: Asset
    /// Prices are whole multiples of it (PRICE_FILTER).
    public var tickSize: Decimal?
    public var minPrice: Decimal?
    public var maxPrice: Decimal?
    /// Quantities are whole multiples of it (LOT_SIZE).
    public var stepSize: Decimal?
    public var minQuantity: Decimal?
    public var maxQuantity: Decimal?
    /// Value in the quote asset (NOTIONAL, MIN_NOTIONAL).
    public var minNotional: Decimal?
    public var maxNotional: Decimal?
    /// Digits after the point of amounts in the quote asset.
    public var quotePrecision: Int

    public init(
        symbol: Symbol, base: Asset, quote: Asset, tickSize: Decimal? = nil, minPrice: Decimal? = nil, maxPrice: Decimal? = nil,
        stepSize: Decimal? = nil, minQuantity: Decimal? = nil, maxQuantity: Decimal? = nil, minNotional: Decimal? = nil,
        maxNotional: Decimal? = nil, quotePrecision: Int = 8
    ) {
        self.symbol = symbol
        self.base = base
        self.quote = quote
        self.tickSize = tickSize
        self.minPrice = minPrice
        self.maxPrice = maxPrice
        self.stepSize = stepSize
        self.minQuantity = minQuantity
        self.maxQuantity = maxQuantity
        self.minNotional = minNotional
        self.maxNotional = maxNotional
        self.quotePrecision = quotePrecision
    }

    /// The asset that an order gives up: the quote when buying, the base when selling.
    public func assetGivenUp(by side: Side) -> Asset {
        side == .buy ? quote : base
    }

    /// The filters that an order breaks, by the exchange's names; empty when it passes.
    ///
    /// - Parameter notional: its value in the quote asset.
    public func brokenFilters(quantity: Decimal?, price: Decimal?, notional: Decimal) -> [String] {
        var broken: [String] = []
        if let quantity, !Instrument.passes(quantity, min: minQuantity, max: maxQuantity, step: stepSize) { broken.append("LOT_SIZE") }
        if let price, !Instrument.passes(price, min: minPrice, max: maxPrice, step: tickSize) { broken.append("PRICE_FILTER") }
        if !Instrument.passes(notional, min: minNotional, max: maxNotional, step: nil) { broken.append("NOTIONAL") }
        return broken
    }

    private static func passes(_ value: Decimal, min: Decimal?, max: Decimal?, step: Decimal?) -> Bool {
        if let min, value < min { return false }
        if let max, max.isPositive, value > max { return false }
        guard let step, step.isPositive else { return true }
        return (try? value.isMultiple(of: step)) ?? false
    }
}
