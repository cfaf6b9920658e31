/// Decides where each field of a proposed order came from, from the person's own words. What the proposer claims plays no part.
public struct ProvenanceJudge: Sendable {
    private let reading: UtteranceReading
    private let instrument: Instrument

    public init(reading: UtteranceReading, instrument: Instrument) {
        self.reading = reading
        self.instrument = instrument
    }

    /// One finding for each material field of the order, sorted by field.
    public func findings(on terms: ProposedTerms, plan: OrderPlan) -> [FieldFinding] {
        let amountField: MaterialField = plan.draft.quantity == nil ? .quoteQuantity : .quantity
        var findings = [
            finding(.symbol, said: reading.symbol, equals: terms.symbol),
            finding(.side, said: reading.side, equals: terms.side),
            type(terms),
            amount(terms, field: amountField, derivation: plan.amountDerivation),
        ]
        if plan.draft.price != nil { findings.append(price(terms, derivation: plan.priceDerivation)) }
        return findings.sorted { $0.field.rawValue < $1.field.rawValue }
    }

    private static let notSaid = "not found in what you said"

    private func finding<Value: Equatable>(_ field: MaterialField, said: Said<Value>?, equals value: Value) -> FieldFinding {
        guard let said, said.value == value else { return FieldFinding(field: field, provenance: .model, source: ProvenanceJudge.notSaid) }
        return FieldFinding(field: field, provenance: .user, source: said.words)
    }

    private func type(_ terms: ProposedTerms) -> FieldFinding {
        if reading.leavesTypeOpen, terms.type == .market {
            return FieldFinding(field: .type, provenance: .policy, source: "MARKET unless a price or type is said")
        }
        return finding(.type, said: reading.type, equals: terms.type)
    }

    private func amount(_ terms: ProposedTerms, field: MaterialField, derivation: String?) -> FieldFinding {
        guard let said = reading.amount, matches(said.value, terms) else {
            return FieldFinding(field: field, provenance: .model, source: derivation ?? ProvenanceJudge.notSaid)
        }
        return ProvenanceJudge.finding(field, words: said.words, derivation: derivation)
    }

    private func matches(_ said: UtteranceReading.Amount, _ terms: ProposedTerms) -> Bool {
        switch (said, terms.amount) {
        case (.quantity(let value, let asset), .quantity(let asked)): value == asked && asset.contains(instrument.base)
        case (.quoteQuantity(let value, let asset), .quoteQuantity(let asked)): value == asked && asset.contains(instrument.quote)
        case (.portion(let value, let asset), .portion(let asked)):
            value == asked && (asset?.contains(instrument.assetGivenUp(by: terms.side)) ?? (terms.side == .sell))
        default: false
        }
    }

    private func price(_ terms: ProposedTerms, derivation: String?) -> FieldFinding {
        guard let said = reading.price, matches(said.value, terms) else {
            return FieldFinding(field: .price, provenance: .model, source: derivation ?? ProvenanceJudge.notSaid)
        }
        return ProvenanceJudge.finding(.price, words: said.words, derivation: derivation)
    }

    private func matches(_ said: UtteranceReading.Price, _ terms: ProposedTerms) -> Bool {
        switch (said, terms.price) {
        case (.limit(let value, let currency), .limit(let asked)): value == asked && (currency?.contains(instrument.quote) ?? true)
        case (.offset(let value), .offset(let asked)): value == asked
        default: false
        }
    }

    private static func finding(_ field: MaterialField, words: String, derivation: String?) -> FieldFinding {
        guard let derivation else { return FieldFinding(field: field, provenance: .user, source: words) }
        return FieldFinding(field: field, provenance: .derived, source: "\(derivation), said: \(words)")
    }
}
