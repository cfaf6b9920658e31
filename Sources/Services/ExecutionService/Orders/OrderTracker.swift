internal import AuditClient
internal import Exchange
internal import Logging
internal import Storage
internal import Trading

/// Follows orders to their end: writes what the exchange says, asks when it has not said, never sends. Runs under the person's lock.
struct OrderTracker: Sendable {
    let dependencies: ExecutionDependencies

    // MARK: - What placing led to

    /// - Returns: the order as it is now known.
    /// - Throws: `RPCError` UNAVAILABLE when it could not be signed, or not be looked at once more: it never left, and never will.
    func answered(
        _ order: StoredOrder, _ outcome: Result<OrderReport, any Error>, trading: any TradingExchange, requestID: String
    ) async throws -> StoredOrder {
        switch outcome {
        case .success(let report):
            guard let event = OrderTracker.event(report, of: order) else {
                return try await unknown(order, because: "unexpected answer", trading: trading, requestID: requestID)
            }
            return try await settle(order, event, report: report, fills: report.fills, action: .orderSent, requestID: requestID)
        case .failure(let error as ExchangeError) where error.kind == .notSigned || error.kind == .withheld:
            _ = try await settle(order, .neverArrived, reason: error.description, action: .orderAbandoned, requestID: requestID)
            throw Refusal.exchange(error)
        case .failure(let error as ExchangeError) where error.kind != .unknownOutcome:
            let event: OrderEvent = error.kind == .rejected || error.kind == .credentials ? .refused : .neverArrived
            return try await settle(order, event, reason: error.description, action: .orderRejected, requestID: requestID)
        case .failure(let error):
            return try await unknown(order, because: "\(error)", trading: trading, requestID: requestID)
        }
    }

    /// It could have been sent and was not: it never left, and never will.
    func stopped(_ order: StoredOrder, because reason: String, requestID: String) async throws {
        _ = try await settle(order, .neverArrived, reason: reason, action: .orderAbandoned, requestID: requestID)
    }

    private func unknown(
        _ order: StoredOrder, because reason: String, trading: any TradingExchange, requestID: String
    ) async throws -> StoredOrder {
        dependencies.logger.warning(
            "order's outcome is not known; asking", metadata: ["order": "\(order.clientOrderID)", "reason": "\(reason)"])
        var order = order
        // From this moment counts how long the exchange may still take the request.
        order.updatedMilliseconds = dependencies.now()
        let (unknown, outbox) = (order, dependencies.audit.outbox)
        try await dependencies.database.write(as: order.user) { db in
            try OrderStore.update(unknown, in: db)
            try outbox.append(AuditEvent(.orderUnknown, of: unknown, requestID: requestID), in: db, essential: true)
        }
        for delay in dependencies.limits.queryDelays {
            try await Task.sleep(for: delay)
            order = try await ask(order, trading: trading, requestID: requestID)
            if order.state != .unknown { break }
        }
        return order
    }

    // MARK: - Asking

    /// Asks the exchange once. What cannot be had leaves the order as it is.
    ///
    /// - Parameters:
    ///   - quietSince: when the last request for it can have left this machine, milliseconds since 1970; nil: when the order last changed.
    ///   - action: what the audit log calls a change that it finds.
    ///   - tellsNotSigned: throws what the key's store has not signed, for it is away for other orders too.
    /// - Throws: `ExchangeError` of the kind `notSigned`, where it is asked for.
    func ask(
        _ order: StoredOrder, trading: any TradingExchange, quietSince: Int64? = nil, action: ExecutionAction = .orderReconciled, requestID: String = "",
        tellsNotSigned: Bool = false
    ) async throws -> StoredOrder {
        do {
            let symbol = try CanonicalOrder(decoding: order.canonical).draft.symbol.name
            let report = try await trading.order(symbol: symbol, clientOrderID: order.clientOrderID)
            guard let event = OrderTracker.event(report, of: order) else { return order }
            return try await found(order, event, report: report, trading: trading, action: action, requestID: requestID)
        } catch let error as ExchangeError where error.isUnknownOrder && order.state == .unknown {
            let since = max(quietSince ?? 0, order.updatedMilliseconds)
            guard dependencies.now() - since > dependencies.limits.arrivalWindowMilliseconds else { return order }
            return try await settle(
                order, .neverArrived, reason: "the exchange never had it", action: .orderReconciled, requestID: requestID)
        } catch let error as ExchangeError where !(tellsNotSigned && error.kind == .notSigned) {
            dependencies.logger.warning("order not refreshed", metadata: ["order": "\(order.clientOrderID)", "error": "\(error)"])
            return order
        }
    }

    private func found(
        _ order: StoredOrder, _ event: OrderEvent, report: OrderReport, trading: any TradingExchange, action: ExecutionAction, requestID: String
    ) async throws -> StoredOrder {
        guard order.state.after(event) != nil, order.differs(from: report, after: event) else { return order }
        // The answer to a question has no fills.
        let fills =
            report.executedQuantity.isZero ? [] : try await trading.trades(symbol: report.symbol, orderID: report.orderID).map(\.fill)
        return try await settle(order, event, report: report, fills: fills, action: action, requestID: requestID)
    }

    /// Nil when the report is about something else or has a word that is not known here.
    private static func event(_ report: OrderReport, of order: StoredOrder) -> OrderEvent? {
        guard report.clientOrderID == order.clientOrderID, let draft = try? CanonicalOrder(decoding: order.canonical).draft,
            report.symbol == draft.symbol.name, report.side.rawValue == draft.side.rawValue
        else { return nil }
        switch report.status {
        case .new, .pendingNew: return .reported(.new)
        case .partiallyFilled: return .reported(.partiallyFilled)
        case .filled: return .reported(.filled)
        case .canceled: return .reported(.canceled)
        case .rejected: return .reported(.rejected)
        case .expired, .expiredInMatch: return .reported(.expired)
        case .other: return nil
        }
    }

    // MARK: - Writing

    /// One transaction: the order's new state, its fills, the audit events.
    func settle(
        _ order: StoredOrder, _ event: OrderEvent, report: OrderReport? = nil, fills: [OrderFill] = [], reason: String = "",
        action: ExecutionAction, requestID: String
    ) async throws -> StoredOrder {
        guard let next = order.state.after(event) else { throw DispatchError.wrongState(order.state) }
        var settled = order.with(state: next)
        settled.updatedMilliseconds = dependencies.now()
        settled.reason = reason
        if let report {
            settled.exchangeOrderID = report.orderID
            settled.executedQuantity = report.executedQuantity
            settled.executedQuote = report.executedQuote
        }
        let (after, outbox, store) = (settled, dependencies.audit.outbox, dependencies.proposals)
        try await dependencies.database.write(as: order.user) { db in
            guard try OrderStore.find(order.clientOrderID, in: db)?.state == order.state else {
                throw DispatchError.wrongState(order.state)
            }
            try OrderStore.update(after, in: db)
            if action == .orderAbandoned { try store.setState(.abandoned, of: order.proposalID, in: db) }
            try FillStore.insert(fills, of: after, in: db)
            for action in OrderTracker.actions(first: action, state: next) {
                let outcome: AuditOutcome = action == .orderRejected ? .refused : action == .orderAbandoned ? .failed : .ok
                try outbox.append(
                    AuditEvent(action, of: after, outcome: outcome, reason: reason, requestID: requestID), in: db, essential: true)
            }
        }
        return settled
    }

    private static func actions(first: ExecutionAction, state: Trading.OrderState) -> [ExecutionAction] {
        switch state {
        case .filled: [first, .orderFilled]
        case .rejected where first != .orderRejected: [first, .orderRejected]
        default: [first]
        }
    }

    /// The order never leaves: neither now nor later.
    func abandon(_ order: StoredOrder, because reason: String, requestID: String = "") async throws {
        guard let next = order.state.after(.abandon) else { throw DispatchError.wrongState(order.state) }
        var abandoned = order.with(state: next)
        abandoned.updatedMilliseconds = dependencies.now()
        abandoned.reason = reason
        let (after, outbox, store) = (abandoned, dependencies.audit.outbox, dependencies.proposals)
        try await dependencies.database.write(as: order.user) { db in
            guard try OrderStore.find(order.clientOrderID, in: db)?.state == order.state else {
                throw DispatchError.wrongState(order.state)
            }
            try OrderStore.update(after, in: db)
            try store.setState(.abandoned, of: order.proposalID, in: db)
            try outbox.append(
                AuditEvent(.orderAbandoned, of: after, outcome: .failed, reason: reason, requestID: requestID), in: db, essential: true)
        }
        dependencies.logger.warning("order abandoned", metadata: ["order": "\(order.clientOrderID)", "reason": "\(reason)"])
    }
}

extension StoredOrder {
    fileprivate func differs(from report: OrderReport, after event: OrderEvent) -> Bool {
        state.after(event) != state || executedQuantity != report.executedQuantity || exchangeOrderID != report.orderID
    }
}
