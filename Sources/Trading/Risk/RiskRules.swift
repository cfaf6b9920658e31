/// Why an order may not be made. The raw value is the reason that callers compare.
public enum RefusalReason: String, Sendable, Hashable, CaseIterable {
    case killSwitch = "KILL_SWITCH"
    case symbolNotAllowed = "SYMBOL_NOT_ALLOWED"
    case aboveMaxNotional = "ABOVE_MAX_NOTIONAL"
    case lotSize = "LOT_SIZE"
    case priceFilter = "PRICE_FILTER"
    case notional = "NOTIONAL"
}

/// What the rules say about an order.
public enum RiskVerdict: Sendable, Equatable {
    /// - secondFactor: why a one-time code is needed; empty when it is not.
    case allowed(secondFactor: [SecondFactorReason])
    /// In the order of the rules; never empty.
    case refused([RefusalReason])
}

public enum SecondFactorReason: Sendable, Equatable {
    case aboveThreshold(Decimal)
    /// The person did not say it, no policy says it and no function computed it.
    case notSaid(MaterialField)

    public var text: String {
        switch self {
        case .aboveThreshold(let threshold): "The order may move more than \(threshold)."
        case .notSaid(let field): "You did not say the \(field.rawValue)."
        }
    }
}

/// The limits that every order passes, when it is proposed and again when it is sent.
public struct RiskRules: Sendable {
    public let policy: RiskPolicy
    public let killSwitchEngaged: Bool

    public init(policy: RiskPolicy, killSwitchEngaged: Bool) {
        self.policy = policy
        self.killSwitchEngaged = killSwitchEngaged
    }

    public func verdict(
        on draft: OrderDraft, notional: Decimal, instrument: Instrument, provenance: ProvenanceSummary
    ) -> RiskVerdict {
        var reasons: [RefusalReason] = []
        if killSwitchEngaged { reasons.append(.killSwitch) }
        if !allows(draft.symbol, instrument) { reasons.append(.symbolNotAllowed) }
        if notional > policy.maxNotional { reasons.append(.aboveMaxNotional) }
        let broken = instrument.brokenFilters(quantity: draft.quantity, price: draft.price, notional: notional)
        reasons += broken.compactMap(RefusalReason.init(rawValue:))
        return reasons.isEmpty ? .allowed(secondFactor: secondFactor(notional: notional, provenance: provenance)) : .refused(reasons)
    }

    /// Limits counted in one currency say nothing about a value in another.
    private func allows(_ symbol: Symbol, _ instrument: Instrument) -> Bool {
        policy.symbols.contains(symbol) && instrument.symbol == symbol && instrument.quote == policy.currency
    }

    /// Why a sign-off needs a one-time code; empty when it does not.
    public func secondFactor(notional: Decimal, provenance: ProvenanceSummary) -> [SecondFactorReason] {
        let threshold = notional > policy.secondFactorAbove ? [SecondFactorReason.aboveThreshold(policy.secondFactorAbove)] : []
        return threshold + provenance.fields(from: .model).map(SecondFactorReason.notSaid)
    }
}
