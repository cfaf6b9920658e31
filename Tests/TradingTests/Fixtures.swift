import Trading

enum Fixtures {
    static func decimal(_ text: String) -> Trading.Decimal {
        Trading.Decimal(text) ?? .zero
    }

    static func symbol(_ name: String) throws -> Symbol {
        guard let symbol = Symbol(name) else { throw FixtureError.badName(name) }
        return symbol
    }

    static func instrument(_ base: String, _ quote: String = "USDT", step: String = "0.00001", tick: String = "0.01") throws -> Instrument {
        guard let baseAsset = Asset(base), let quoteAsset = Asset(quote) else { throw FixtureError.badName(base) }
        return Instrument(
            symbol: try symbol(base + quote), base: baseAsset, quote: quoteAsset, tickSize: decimal(tick), stepSize: decimal(step),
            minQuantity: decimal(step), maxQuantity: Decimal(9000), minNotional: Decimal(5))
    }

    static func vocabulary() throws -> AssetVocabulary {
        AssetVocabulary([try instrument("BTC"), try instrument("ETH", step: "0.0001")])
    }

    static func book(_ bid: String, _ ask: String) throws -> BookTop {
        guard let book = BookTop(bid: decimal(bid), ask: decimal(ask), timeMilliseconds: 1_700_000_000_000) else {
            throw FixtureError.badName(bid)
        }
        return book
    }

    static func terms(
        _ symbol: String = "BTCUSDT", _ side: Side = .buy, quantity: String? = nil, quote: String? = nil, portion: String? = nil,
        price: String? = nil, offset: String? = nil
    ) throws -> ProposedTerms {
        try ProposedTerms(
            symbol: symbol, side: side, type: price == nil && offset == nil ? .market : .limit, quantity: quantity, quoteQuantity: quote,
            portion: portion, price: price, offset: offset)
    }

    static func policy() throws -> RiskPolicy {
        RiskPolicy(
            version: "1", symbols: [try symbol("BTCUSDT"), try symbol("ETHUSDT"), try symbol("ETHBTC")],
            currency: try instrument("BTC").quote,
            maxNotional: Decimal(25000), secondFactorAbove: Decimal(1000), slippageCap: decimal("0.01"))
    }

    /// The order of the golden vector.
    static func order() throws -> CanonicalOrder {
        CanonicalOrder(
            environment: "development", userID: "5f3c2f6e-8a53-4d0e-9f5e-0b6d6d3a7c11", proposalID: "c0ffee00-1111-4222-8333-444455556666",
            draft: try OrderDraft(symbol: symbol("ETHUSDT"), side: .sell, amount: .quantity(decimal("0.5")), price: decimal("2550.01")),
            worstCasePrice: decimal("2550.01"), worstCaseNotional: decimal("1275.005"),
            utteranceID: "0a1b2c3d-0000-4000-8000-000000000001", utteranceSHA256: Array(repeating: 0xab, count: 32),
            provenance: ProvenanceSummary([
                FieldFinding(field: .symbol, provenance: .user, source: ""), FieldFinding(field: .side, provenance: .user, source: ""),
                FieldFinding(field: .type, provenance: .user, source: ""), FieldFinding(field: .quantity, provenance: .derived, source: ""),
                FieldFinding(field: .price, provenance: .derived, source: ""),
            ]),
            policyVersion: "1", nonce: (0..<32).map { UInt8($0) }, expiresAtMilliseconds: 1_767_225_600_000)
    }
}

enum FixtureError: Error {
    case badName(String)
}
