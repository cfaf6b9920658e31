import Testing
import Trading

@Suite("From terms to an order")
struct OrderPlanTests {
    private func planner(_ base: String = "ETH", free: [String: String] = [:]) throws -> OrderPlanner {
        let balances = free.compactMap { name, amount in Asset(name).map { ($0, Fixtures.decimal(amount)) } }
        return OrderPlanner(
            instrument: try Fixtures.instrument(base, step: "0.0001"), book: try Fixtures.book("2500", "2500.5"),
            free: Dictionary(uniqueKeysWithValues: balances), slippageCap: Fixtures.decimal("0.01"))
    }

    @Test("A share of the balance rounds down to the step; a price above the market rounds up to the tick when selling")
    func portionAndOffset() throws {
        let plan = try planner(free: ["ETH": "1.00015"]).plan(Fixtures.terms("ETHUSDT", .sell, portion: "0.5", offset: "0.02"))
        #expect(plan.draft.quantity == Fixtures.decimal("0.5"))
        #expect(plan.draft.price == Fixtures.decimal("2550"))
        #expect(plan.worstCasePrice == Fixtures.decimal("2550"))
        #expect(plan.worstCaseNotional == Fixtures.decimal("1275"))
        #expect(plan.amountDerivation == "portionOfFree(portion=0.5, ETH=1.00015)")
        #expect(plan.priceDerivation == "offsetFromMarket(offset=0.02, bid=2500)")
    }

    @Test("A market buy is valued at the ask moved by the slippage cap")
    func marketBuy() throws {
        let plan = try planner().plan(Fixtures.terms("ETHUSDT", .buy, quantity: "1"))
        #expect(plan.worstCasePrice == Fixtures.decimal("2525.51"))
        #expect(plan.worstCaseNotional == Fixtures.decimal("2525.51"))
        #expect(plan.draft.price == nil && plan.amountDerivation == nil)
    }

    @Test("A sale far below the market is valued at the market, not at its own price")
    func cheapSale() throws {
        let plan = try planner().plan(Fixtures.terms("ETHUSDT", .sell, quantity: "20", price: "1"))
        #expect(plan.worstCaseNotional == Fixtures.decimal("50010"))
    }

    @Test("All of the quote balance buys by quote amount at market, by quantity at a limit")
    func quotePortions() throws {
        let planner = try planner(free: ["USDT": "100.123456789"])
        #expect(try planner.plan(Fixtures.terms("ETHUSDT", .buy, portion: "1")).draft.quoteQuantity == Fixtures.decimal("100.12345678"))
        #expect(try planner.plan(Fixtures.terms("ETHUSDT", .buy, portion: "1", price: "2000")).draft.quantity == Fixtures.decimal("0.05"))
    }

    @Test("Nothing free, or nothing left after rounding, is no order")
    func nothingLeft() throws {
        #expect(throws: OrderPlanError.self) { try planner().plan(Fixtures.terms("ETHUSDT", .sell, portion: "1")) }
        #expect(throws: OrderPlanError.roundsToZero("quantity")) {
            try planner().plan(Fixtures.terms("ETHUSDT", .buy, quantity: "0.00009"))
        }
        #expect(throws: OrderPlanError.roundsToZero("price")) {
            try planner().plan(Fixtures.terms("ETHUSDT", .buy, quantity: "1", price: "0.001"))
        }
        let huge = "9" + String(repeating: "9", count: 37)
        #expect(throws: OrderPlanError.outOfRange) { try planner().plan(Fixtures.terms("ETHUSDT", .buy, quantity: huge, price: huge)) }
    }

    @Test("Terms that contradict themselves are refused")
    func terms() {
        #expect(throws: ProposedTermsError.amountNotExactlyOne) { try Fixtures.terms() }
        #expect(throws: ProposedTermsError.amountNotExactlyOne) { try Fixtures.terms(quantity: "1", quote: "1") }
        #expect(throws: ProposedTermsError.priceNotExactlyOne) { try Fixtures.terms(quantity: "1", price: "1", offset: "0.1") }
        #expect(throws: ProposedTermsError.outOfRange("portion")) { try Fixtures.terms(portion: "1.01") }
        #expect(throws: ProposedTermsError.outOfRange("offset")) { try Fixtures.terms(quantity: "1", offset: "-1") }
        #expect(throws: ProposedTermsError.outOfRange("quantity")) { try Fixtures.terms(quantity: "-1") }
        #expect(throws: ProposedTermsError.malformed("quantity")) { try Fixtures.terms(quantity: "１") }
        #expect(throws: ProposedTermsError.malformed("symbol")) { try Fixtures.terms("BTC USDT", quantity: "1") }
        #expect(throws: ProposedTermsError.quoteQuantityWithLimit) { try Fixtures.terms(quote: "1", price: "1") }
    }
}

@Suite("Limits")
struct RiskRulesTests {
    private let said = ProvenanceSummary([FieldFinding(field: .quantity, provenance: .user, source: "")])

    private func verdict(
        _ symbol: String = "BTC", _ quote: String = "USDT", quantity: String = "0.1", price: String? = nil, notional: String,
        killSwitch: Bool = false,
        provenance: ProvenanceSummary? = nil
    ) throws -> RiskVerdict {
        let instrument = try Fixtures.instrument(symbol, quote)
        let draft = try OrderDraft(
            symbol: instrument.symbol, side: .buy, amount: .quantity(Fixtures.decimal(quantity)), price: price.map(Fixtures.decimal))
        return try RiskRules(policy: Fixtures.policy(), killSwitchEngaged: killSwitch)
            .verdict(on: draft, notional: Fixtures.decimal(notional), instrument: instrument, provenance: provenance ?? said)
    }

    @Test("At the limits an order passes, above them it does not")
    func limits() throws {
        #expect(try verdict(notional: "25000") == .allowed(secondFactor: [.aboveThreshold(Decimal(1000))]))
        #expect(try verdict(notional: "25000.01") == .refused([.aboveMaxNotional]))
        #expect(try verdict(notional: "1000") == .allowed(secondFactor: []))
        #expect(try verdict(notional: "4.99") == .refused([.notional]))
    }

    @Test("The kill switch and the symbol list refuse")
    func switches() throws {
        #expect(try verdict(notional: "100", killSwitch: true) == .refused([.killSwitch]))
        #expect(try verdict("DOGE", notional: "100") == .refused([.symbolNotAllowed]))
        #expect(try verdict("ETH", "BTC", notional: "100") == .refused([.symbolNotAllowed]), "listed, but valued in another currency")
    }

    @Test("The exchange's filters are checked here first")
    func filters() throws {
        #expect(try verdict(quantity: "0.000015", notional: "100") == .refused([.lotSize]))
        #expect(try verdict(price: "1000.001", notional: "100") == .refused([.priceFilter]))
    }

    @Test("A field that the model made up needs a second factor")
    func modelField() throws {
        let made = ProvenanceSummary([FieldFinding(field: .quantity, provenance: .model, source: "")])
        #expect(try verdict(notional: "100", provenance: made) == .allowed(secondFactor: [.notSaid(.quantity)]))
    }
}

@Suite("Lives of proposals and orders")
struct LifeTests {
    @Test("Only an open, unexpired proposal can be signed or rejected, and only once")
    func proposals() {
        let open = ProposalLife(state: .open, expiresAtMilliseconds: 100)
        #expect(open.after(.signOff, at: 99) == .signed)
        #expect(open.after(.signOff, at: 100) == nil)
        #expect(open.state(at: 100) == .expired)
        for state in ProposalState.allCases where state != .open {
            #expect(ProposalLife(state: state, expiresAtMilliseconds: 100).after(.signOff, at: 1) == nil)
            #expect(ProposalLife(state: state, expiresAtMilliseconds: 100).after(.reject, at: 1) == nil)
        }
    }

    @Test("No state but intent can be dispatched, and no final state changes")
    func orders() {
        for state in OrderState.allCases {
            #expect(state.after(.dispatch) == (state == .intent ? .unknown : nil))
            guard state.isFinal else { continue }
            for event in [OrderEvent.abandon, .refused, .neverArrived] + OrderState.allCases.map(OrderEvent.reported) {
                #expect(state.after(event) == nil)
            }
        }
        #expect(OrderState.unknown.after(.reported(.intent)) == nil)
        #expect(OrderState.unknown.after(.abandon) == nil)
    }
}
