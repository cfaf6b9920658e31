internal import Exchange
internal import MeshCall
internal import Trading

/// The allowed instruments with the exchange's filters, fetched by execution itself and kept for a while.
actor InstrumentCatalog {
    private let exchange: any ExchangeAccess
    private let symbols: [Symbol]
    private let lifetime: Duration
    private var kept: (instruments: [Instrument], until: ContinuousClock.Instant)?

    init(exchange: any ExchangeAccess, symbols: Set<Symbol>, lifetime: Duration) {
        self.exchange = exchange
        self.symbols = symbols.sorted { $0.name < $1.name }
        self.lifetime = lifetime
    }

    /// - Throws: `RPCError`.
    func all() async throws -> [Instrument] {
        if let kept, kept.until > .now { return kept.instruments }
        do {
            let rules = try await exchange.rules(of: symbols)
            let instruments = rules.filter(\.isTrading).compactMap(Instrument.init)
            kept = (instruments, .now + lifetime)
            return instruments
        } catch {
            throw Refusal.exchange(error)
        }
    }
}

extension Instrument {
    /// Nil when the names are not of the form that execution signs. The coarser of the two lot filters counts, so that both pass.
    init?(_ rules: SymbolRules) {
        guard let symbol = Symbol(rules.symbol), let base = Asset(rules.baseAsset), let quote = Asset(rules.quoteAsset) else { return nil }
        self.init(
            symbol: symbol, base: base, quote: quote, tickSize: rules.tickSize, minPrice: rules.minimumPrice, maxPrice: rules.maximumPrice,
            stepSize: Instrument.larger(rules.stepSize, rules.marketStepSize),
            minQuantity: Instrument.larger(rules.minimumQuantity, rules.minimumMarketQuantity), maxQuantity: rules.maximumQuantity,
            minNotional: rules.minimumNotional, maxNotional: rules.maximumNotional)
    }

    private static func larger(_ left: Trading.Decimal?, _ right: Trading.Decimal?) -> Trading.Decimal? {
        [left, right].compactMap(\.self).max()
    }
}
