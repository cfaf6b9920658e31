internal import Exchange
internal import ServiceAPI
internal import Trading

extension ExecutionV1.Proposal {
    /// - Parameter now: milliseconds since 1970; an open proposal whose time is over shows as expired.
    init(_ proposal: StoredProposal, now: Int64) {
        let values = (try? CanonicalOrder(decoding: proposal.canonical))?.materialValues ?? [:]
        self.init(
            proposalId: proposal.id, state: ExecutionV1.ProposalState(proposal.life.state(at: now)), canonical: proposal.canonical,
            digest: proposal.digest.bytes,
            fields: proposal.findings.map {
                ExecutionV1.ProposalField(
                    name: $0.field.rawValue, value: values[$0.field] ?? "", provenance: ExecutionV1.Provenance($0.provenance),
                    source: $0.source)
            },
            needsSecondFactor: !proposal.secondFactorReason.isEmpty, secondFactorReason: proposal.secondFactorReason,
            createdMs: proposal.createdMilliseconds, expiresMs: proposal.expiresMilliseconds)
    }
}

extension CanonicalOrder {
    /// As the canonical bytes have them.
    var materialValues: [MaterialField: String] {
        [
            .symbol: draft.symbol.name, .side: draft.side.rawValue, .type: draft.type.rawValue, .quantity: draft.quantity?.description,
            .quoteQuantity: draft.quoteQuantity?.description, .price: draft.price?.description,
        ].compactMapValues(\.self)
    }
}

extension ExecutionV1.ProposalState {
    init(_ state: Trading.ProposalState) {
        switch state {
        case .open: self = .open
        case .rejected: self = .rejected
        case .expired: self = .expired
        case .signed: self = .signed
        case .abandoned: self = .abandoned
        }
    }
}

extension ExecutionV1.Provenance {
    init(_ provenance: Trading.Provenance) {
        switch provenance {
        case .user: self = .user
        case .policy: self = .policy
        case .derived: self = .derived
        case .model: self = .model
        }
    }
}

extension ExecutionV1.OrderState {
    init(_ state: Trading.OrderState) {
        switch state {
        case .intent: self = .intent
        case .unknown: self = .unknown
        case .new: self = .new
        case .partiallyFilled: self = .partiallyFilled
        case .filled: self = .filled
        case .canceled: self = .canceled
        case .rejected: self = .rejected
        case .expired: self = .expired
        case .notSent: self = .notSent
        }
    }
}

extension ExecutionV1.Order {
    /// The terms are read from the signed bytes.
    init(_ shown: OrderDesk.Shown) throws {
        let (order, draft) = (shown.order, try CanonicalOrder(decoding: shown.order.canonical).draft)
        self.init(
            clientOrderId: order.clientOrderID, proposalId: order.proposalID, state: ExecutionV1.OrderState(order.state),
            symbol: draft.symbol.name, side: draft.side == .buy ? .buy : .sell, type: draft.type == .market ? .market : .limit,
            quantity: draft.quantity?.description ?? "", quoteQuantity: draft.quoteQuantity?.description ?? "",
            price: draft.price?.description ?? "", executedQuantity: order.executedQuantity.description,
            executedQuote: order.executedQuote.description, exchangeOrderId: order.exchangeOrderID, createdMs: order.createdMilliseconds,
            updatedMs: order.updatedMilliseconds, reason: order.reason, fills: shown.fills.map(ExecutionV1.Fill.init),
            auditIndex: order.auditIndex)
    }
}

extension ExecutionV1.Fill {
    init(_ fill: OrderFill) {
        self.init(
            tradeId: fill.tradeID, price: fill.price.description, quantity: fill.quantity.description,
            commission: fill.commission.description, commissionAsset: fill.commissionAsset)
    }
}

extension ExecutionV1.KillSwitch {
    init(_ state: KillSwitchStore.State) {
        self.init(engaged: state.engaged, reason: state.reason, sinceMs: state.sinceMilliseconds)
    }
}

extension ProposedTerms {
    /// - Throws: `ProposedTermsError`.
    init(_ request: ExecutionV1.ProposeRequest) throws(ProposedTermsError) {
        let side: Trading.Side
        switch request.side {
        case .buy: side = .buy
        case .sell: side = .sell
        case .unspecified, .unrecognized: throw .malformed("side")
        }
        let type: Trading.OrderType
        switch request.type {
        case .market: type = .market
        case .limit: type = .limit
        case .unspecified, .unrecognized: throw .malformed("type")
        }
        func present(_ text: String) -> String? { text.isEmpty ? nil : text }
        try self.init(
            symbol: request.symbol, side: side, type: type, quantity: present(request.quantity),
            quoteQuantity: present(request.quoteQuantity),
            portion: present(request.portion), price: present(request.price), offset: present(request.offset))
    }
}
