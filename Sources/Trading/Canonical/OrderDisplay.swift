extension CanonicalOrder {
    /// What the person reads before signing: every field that matters, made from these values alone.
    public var displayLines: [String] {
        return [
            "\(draft.side.rawValue) \(amountText) \(priceText)",
            draft.price == nil
                ? "\(valueText); the market is checked against price \(worstCasePrice) before sending"
                : "worst-case price \(worstCasePrice), \(valueText)",
            "environment \(environment), proposal \(proposalID), policy \(policyVersion)",
            "where it came from: \(provenance.text)",
            "digest \(digestText)",
        ]
    }

    public var displayText: String { displayLines.joined(separator: "\n") }

    /// "At most" only where the exchange itself holds to it: what a limit price or an amount in the quote currency bounds when buying.
    private var valueText: String {
        let isBound = draft.side == .buy && (draft.price != nil || draft.quoteQuantity != nil)
        let verb = draft.side == .sell ? "expects to move about" : isBound ? "pays at most" : "expects to pay about"
        return "\(verb) \(worstCaseNotional) in the quote currency"
    }

    private var amountText: String {
        switch draft.amount {
        case .quantity(let quantity): "\(quantity) \(draft.symbol)"
        case .quoteQuantity(let quote): "\(draft.symbol) worth \(quote) of the quote currency"
        }
    }

    private var priceText: String {
        draft.price.map { "LIMIT at \($0), good till cancelled" } ?? "at MARKET"
    }

    private var digestText: String {
        (try? encoded()).map { OrderDigest(of: $0).hex } ?? "none"
    }
}
