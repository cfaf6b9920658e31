internal import AuditClient
internal import Exchange
internal import GRDB
internal import Logging
internal import MeshCall
internal import Storage
internal import Trading

/// A checked sign-off on its way.
struct DispatchRequest: Sendable {
    let order: CanonicalOrder
    let proposal: StoredProposal
    let signOffID: String
    let caller: Caller
    let deadline: ContinuousClock.Instant
}

/// The one way to the exchange. Runs under the person's lock.
///
/// Limits again, the key signs, nonce burned and intent durable in one transaction, audit's acknowledgement, marked as sent, sent once. Dying
/// between any two steps leaves a state from which `Reconciler` knows what happened, or asks; it never sends.
struct OrderDispatcher: Sendable {
    let dependencies: ExecutionDependencies
    let catalog: InstrumentCatalog
    let books: BookSource
    let accounts: TradingAccounts
    let tracker: OrderTracker

    /// - Throws: `RPCError`; UNAVAILABLE when audit did not acknowledge, and then the order will never be sent.
    func dispatch(_ request: DispatchRequest) async throws -> StoredOrder {
        let access = try await accounts.active(of: request.caller.user)
        try await recheck(request)
        // Before the nonce is burned: the person may sign the same proposal again.
        try await accounts.checkSigns(access)
        guard request.deadline - .now >= dependencies.limits.minimumDispatchTime else {
            throw RPCError(.deadlineExceeded, "Too little time is left to send an order.", reason: "DEADLINE_TOO_SHORT")
        }
        let intent = try await burn(request, keyID: access.keyID)
        try dependencies.atStep(.burned)
        let acknowledged = try await acknowledge(intent, request)
        try dependencies.atStep(.acknowledged)
        try await lastLook(acknowledged, request)
        let marked = try await mark(acknowledged, request)
        try dependencies.atStep(.marked)
        return try await place(marked, request, with: access)
    }

    // MARK: - Before

    /// The limits as they are now, over a market fetched now.
    private func recheck(_ request: DispatchRequest) async throws {
        let draft = request.order.draft
        guard let instrument = try await catalog.all().first(where: { $0.symbol == draft.symbol }) else {
            throw Refusal.risk([.symbolNotAllowed], policy: dependencies.policy)
        }
        let book = try await freshBook(of: draft.symbol)
        let planner = OrderPlanner(instrument: instrument, book: book, slippageCap: dependencies.policy.slippageCap)
        guard let notional = try? planner.notional(draft, worst: request.order.worstCasePrice) else { throw Refusal.plan(.outOfRange) }
        let engaged = try await dependencies.database.readAll { try KillSwitchStore.read(in: $0).engaged }
        let rules = RiskRules(policy: dependencies.policy, killSwitchEngaged: engaged)
        let provenance = request.order.provenance
        if case .refused(let reasons) = rules.verdict(on: draft, notional: notional, instrument: instrument, provenance: provenance) {
            throw Refusal.risk(reasons, policy: dependencies.policy)
        }
        try OrderDispatcher.checkMarket(request.order, book: book)
    }

    private func freshBook(of symbol: Symbol) async throws -> BookTop {
        try await books.top(of: symbol, maxAgeMilliseconds: dependencies.limits.dispatchBookAgeMilliseconds)
    }

    /// A MARKET order leaves only while the market is within what was signed. From there on the exchange fills it at what it has: this
    /// is a check before sending, not a bound.
    private static func checkMarket(_ order: CanonicalOrder, book: BookTop) throws {
        guard order.draft.price == nil else { return }
        guard order.draft.side == .buy ? book.ask <= order.worstCasePrice : book.bid >= order.worstCasePrice else {
            throw Refusal.precondition("The market has moved past the worst-case price that you signed.", "MARKET_MOVED")
        }
    }

    // MARK: - Burn, acknowledge, mark

    private func burn(_ request: DispatchRequest, keyID: String) async throws -> StoredOrder {
        let (store, now, outbox) = (dependencies.proposals, dependencies.now(), dependencies.audit.outbox)
        let digest = request.proposal.digest
        return try await dependencies.database.write(as: request.caller.user) { db in
            guard try !KillSwitchStore.read(in: db).engaged else { throw Refusal.killSwitch }
            guard try ExchangeKeyLife.isActive(keyID, in: db) else { throw Refusal.keyRevoked }
            guard let proposal = try store.find(request.proposal.id, in: db), proposal.canonical == request.proposal.canonical,
                let signed = proposal.life.after(.signOff, at: now)
            else { throw Refusal.precondition("The proposal is no longer open.", "PROPOSAL_NOT_OPEN") }
            try store.burn(request.order.nonce, of: proposal, by: "sign_off", now: now, in: db)
            try store.setState(signed, of: proposal.id, in: db)
            let sequence = try outbox.append(OrderDispatcher.intent(request, digest: digest), in: db)
            let order = StoredOrder(
                clientOrderID: digest.clientOrderID, user: proposal.user, proposalID: proposal.id, signOffID: request.signOffID,
                exchangeKeyID: keyID, state: .intent, canonical: proposal.canonical, createdMilliseconds: now,
                updatedMilliseconds: now, auditSequence: sequence)
            try OrderStore.insert(order, in: db)
            return order
        }
    }

    private static func intent(_ request: DispatchRequest, digest: OrderDigest) -> AuditEvent {
        let order = request.order
        return AuditEvent(
            .orderIntent, of: digest.clientOrderID, by: request.caller,
            details: [
                "proposal": order.proposalID, "digest": digest.hex, "sign_off": request.signOffID, "symbol": order.draft.symbol.name,
                "side": order.draft.side.rawValue, "type": order.draft.type.rawValue, "provenance": order.provenance.text,
                "worst_case_notional": order.worstCaseNotional.description,
            ])
    }

    private func acknowledge(_ intent: StoredOrder, _ request: DispatchRequest) async throws -> StoredOrder {
        var order = intent
        do {
            let left = request.deadline - .now - dependencies.limits.answerReserve
            let receipt = try await dependencies.audit.acknowledged(
                intent.auditSequence, timeout: max(.zero, min(dependencies.limits.auditPatience, left)))
            order.auditIndex = receipt.index
            return order
        } catch {
            try await tracker.abandon(order, because: "audit did not acknowledge", requestID: request.caller.requestID)
            throw RPCError(
                .unavailable, "The audit log did not confirm the order in time, so it was not sent and will not be.",
                reason: "AUDIT_UNAVAILABLE",
                cause: error)
        }
    }

    /// Waiting for audit took time: the market is fetched once more, and an order that no longer fits never leaves.
    private func lastLook(_ acknowledged: StoredOrder, _ request: DispatchRequest) async throws {
        guard request.order.draft.price == nil else { return }
        do {
            try OrderDispatcher.checkMarket(request.order, book: try await freshBook(of: request.order.draft.symbol))
        } catch {
            let reason = (error as? RPCError)?.reason ?? "no market price"
            try await tracker.abandon(acknowledged, because: reason, requestID: request.caller.requestID)
            throw error
        }
    }

    /// From here on the order may be at the exchange. The kill switch, the key and the proposal's time are looked at once more in the same transaction.
    private func mark(_ acknowledged: StoredOrder, _ request: DispatchRequest) async throws -> StoredOrder {
        var order = acknowledged
        let (now, expires) = (dependencies.now(), request.order.expiresAtMilliseconds)
        order.updatedMilliseconds = now
        guard let next = order.state.after(.dispatch) else { throw DispatchError.wrongState(order.state) }
        let marked = order.with(state: next)
        let refusal = try await dependencies.database.write(as: order.user) { db -> RPCError? in
            guard try OrderStore.find(marked.clientOrderID, in: db)?.state == acknowledged.state else {
                throw DispatchError.wrongState(acknowledged.state)
            }
            if try KillSwitchStore.read(in: db).engaged { return Refusal.killSwitch }
            if try !ExchangeKeyLife.isActive(marked.exchangeKeyID, in: db) { return Refusal.keyRevoked }
            if now >= expires { return Refusal.proposalExpired }
            try OrderStore.update(marked, in: db)
            return nil
        }
        if let refusal {
            try await tracker.abandon(order, because: refusal.reason ?? "refused", requestID: request.caller.requestID)
            throw refusal
        }
        dependencies.logger.info("order.sent", metadata: ["order": "\(marked.clientOrderID)", "audit_index": "\(marked.auditIndex)"])
        return marked
    }

    // MARK: - Send

    /// - Throws: `RPCError` when it never left: it could not be signed, or its key or all trading was stopped while it was.
    private func place(_ order: StoredOrder, _ request: DispatchRequest, with access: TradingAccounts.Access) async throws -> StoredOrder {
        let outcome: Result<OrderReport, any Error>
        do {
            outcome = .success(try await access.placing.placeOrder(NewOrder(request.order.draft, clientOrderID: order.clientOrderID)))
        } catch {
            outcome = .failure(error)
        }
        try dependencies.atStep(.answered)
        guard case .failure(let error as ExchangeError) = outcome, error.kind == .withheld, let refusal = access.lastLook.refusal else {
            return try await tracker.answered(order, outcome, trading: access.trading, requestID: request.caller.requestID)
        }
        try await tracker.stopped(order, because: refusal.message, requestID: request.caller.requestID)
        throw refusal
    }
}

/// An order is not where its life says it should be.
enum DispatchError: Error, Equatable {
    case wrongState(Trading.OrderState)
}

extension StoredOrder {
    func with(state: Trading.OrderState) -> StoredOrder {
        var order = self
        order.state = state
        return order
    }
}

extension NewOrder {
    /// What goes to the exchange is made from the signed values and nothing else.
    init(_ draft: OrderDraft, clientOrderID: String) {
        let terms: Terms =
            switch (draft.amount, draft.price) {
            case (.quantity(let quantity), let price?): .limit(quantity: quantity, price: price)
            case (.quantity(let quantity), nil): .market(quantity: quantity)
            case (.quoteQuantity(let quote), _): .marketQuote(amount: quote)
            }
        self.init(symbol: draft.symbol.name, side: draft.side == .buy ? .buy : .sell, terms: terms, clientOrderID: clientOrderID)
    }
}
