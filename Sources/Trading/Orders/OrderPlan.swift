/// The order that proposed terms come to, with the numbers that limits are checked against.
public struct OrderPlan: Sendable, Hashable {
    public let draft: OrderDraft
    /// The least favourable price expected: the limit, or the market's moved by the slippage cap.
    public let worstCasePrice: Decimal
    /// The largest value in the quote asset that the order can move. Limits are checked against it.
    public let worstCaseNotional: Decimal
    /// How the amount was computed; nil when it is exactly the one asked for.
    public let amountDerivation: String?
    /// How the price was computed; nil when it is exactly the one asked for, or there is none.
    public let priceDerivation: String?
}

/// Why terms come to no order.
public enum OrderPlanError: Error, Sendable, Equatable {
    /// Rounded to the exchange's step or tick, nothing is left.
    case roundsToZero(String)
    /// The free balance is zero or not known.
    case nothingFree(Asset)
    /// A number left the range of exact decimals.
    case outOfRange
}

/// Computes orders from terms by named functions over snapshots. Quantities round down to the step; prices to the tick in the person's favour.
public struct OrderPlanner: Sendable {
    public let instrument: Instrument
    public let book: BookTop
    /// Free balances; only needed for a portion.
    public let free: [Asset: Decimal]
    /// Part of the market price that a MARKET order may move it: 0.01 is 1 %.
    public let slippageCap: Decimal

    public init(instrument: Instrument, book: BookTop, free: [Asset: Decimal] = [:], slippageCap: Decimal) {
        self.instrument = instrument
        self.book = book
        self.free = free
        self.slippageCap = slippageCap
    }

    /// - Throws: `OrderPlanError`.
    public func plan(_ terms: ProposedTerms) throws(OrderPlanError) -> OrderPlan {
        do {
            let (price, priceDerivation) = try price(terms)
            let worst = try price ?? slipped(terms.side)
            let (amount, amountDerivation) = try amount(terms, at: worst, limit: price)
            let draft = try OrderDraft(symbol: terms.symbol, side: terms.side, amount: amount, price: price)
            return OrderPlan(
                draft: draft, worstCasePrice: worst, worstCaseNotional: try notional(draft, worst: worst),
                amountDerivation: amountDerivation, priceDerivation: priceDerivation)
        } catch let error as OrderPlanError {
            throw error
        } catch {
            throw .outOfRange
        }
    }

    /// The most that the order can move, valued at the book as it is now.
    public func notional(_ draft: OrderDraft, worst: Decimal) throws(DecimalError) -> Decimal {
        switch draft.amount {
        case .quoteQuantity(let quote): quote
        case .quantity(let quantity):
            try quantity.multiplied(by: draft.side == .buy ? worst : max(worst, book.ask), rounding: .up)
        }
    }

    /// The market price moved against the person by the slippage cap, to the tick.
    public func slipped(_ side: Side) throws(DecimalError) -> Decimal {
        let market = book.market(for: side)
        let factor = side == .buy ? try Decimal.one + slippageCap : try Decimal.one - slippageCap
        let moved = try market.multiplied(by: factor, rounding: side == .buy ? .up : .down)
        guard let tick = instrument.tickSize, tick.isPositive else { return moved }
        return side == .buy ? try moved.roundedUp(toStep: tick) : try moved.roundedDown(toStep: tick)
    }

    private func price(_ terms: ProposedTerms) throws -> (Decimal?, String?) {
        switch terms.price {
        case .market: return (nil, nil)
        case .limit(let asked):
            let rounded = try toTick(asked, side: terms.side)
            return (rounded, rounded == asked ? nil : "roundToTick(price=\(asked))")
        case .offset(let offset):
            let market = book.market(for: terms.side)
            let moved = try market.multiplied(by: Decimal.one + offset, rounding: .halfEven)
            let name = terms.side == .buy ? "ask" : "bid"
            return (try toTick(moved, side: terms.side), "offsetFromMarket(offset=\(offset), \(name)=\(market))")
        }
    }

    /// Down when buying, up when selling: never worse than asked for.
    private func toTick(_ price: Decimal, side: Side) throws -> Decimal {
        guard let tick = instrument.tickSize, tick.isPositive else { return price }
        let rounded = side == .buy ? try price.roundedDown(toStep: tick) : try price.roundedUp(toStep: tick)
        guard rounded.isPositive else { throw OrderPlanError.roundsToZero("price") }
        return rounded
    }

    private func amount(_ terms: ProposedTerms, at worst: Decimal, limit: Decimal?) throws -> (OrderAmount, String?) {
        switch terms.amount {
        case .quantity(let asked):
            let rounded = try toStep(asked)
            return (.quantity(rounded), rounded == asked ? nil : "roundToStep(quantity=\(asked))")
        case .quoteQuantity(let asked):
            let rounded = try quoteAmount(asked)
            return (.quoteQuantity(rounded), rounded == asked ? nil : "roundToPrecision(quote_quantity=\(asked))")
        case .portion(let portion):
            return try portionAmount(portion, side: terms.side, worst: worst, limit: limit)
        }
    }

    private func portionAmount(_ portion: Decimal, side: Side, worst: Decimal, limit: Decimal?) throws -> (OrderAmount, String?) {
        let asset = instrument.assetGivenUp(by: side)
        guard let balance = free[asset], balance.isPositive else { throw OrderPlanError.nothingFree(asset) }
        let part = try balance.multiplied(by: portion, rounding: .down)
        let derivation = "portionOfFree(portion=\(portion), \(asset)=\(balance))"
        guard side == .buy else { return (.quantity(try toStep(part)), derivation) }
        guard let limit else { return (.quoteQuantity(try quoteAmount(part)), derivation) }
        return (.quantity(try toStep(part.divided(by: limit, rounding: .down))), derivation)
    }

    private func toStep(_ quantity: Decimal) throws -> Decimal {
        guard let step = instrument.stepSize, step.isPositive else { return quantity }
        let rounded = try quantity.roundedDown(toStep: step)
        guard rounded.isPositive else { throw OrderPlanError.roundsToZero("quantity") }
        return rounded
    }

    private func quoteAmount(_ amount: Decimal) throws -> Decimal {
        let rounded = try amount.rounded(scale: instrument.quotePrecision, rounding: .down)
        guard rounded.isPositive else { throw OrderPlanError.roundsToZero("quote_quantity") }
        return rounded
    }
}
