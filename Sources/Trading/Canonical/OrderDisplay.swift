extension CanonicalOrder {
    /// What the person reads before signing: every field that matters, made from these values alone.
    public var displayLines: [String] {
        let worst = draft.side == .buy ? "pays at most" : "moves at most"
        return [
            "\(draft.side.rawValue) \(amountText) \(priceText)",
            "worst-case price \(worstCasePrice), \(worst) \(worstCaseNotional) in the quote currency",
            "environment \(environment), proposal \(proposalID), policy \(policyVersion)",
            "where it came from: \(provenance.text)",
            "digest \(digestText)",
        ]
    }

    public var displayText: String { displayLines.joined(separator: "\n") }

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
