internal import AuditClient
internal import Exchange
internal import KeyManagement
internal import Logging
internal import OutboundHTTP
internal import Storage
internal import Trading

/// The end of people's keys: what a revoked key placed is cancelled, and a key is destroyed and erased as soon as no order needs it any more.
struct KeyRetirement: Sendable {
    let dependencies: ExecutionDependencies
    let accounts: TradingAccounts
    let tracker: OrderTracker
    let reconciler: Reconciler
    let locks: UserLocks
    /// By key: one that is destroyed is destroyed by one at a time.
    let endings: UserLocks

    /// Keys looked at in one round, and orders of one key.
    private static let keysPerRound = 50
    private static let ordersPerKey = 200

    private enum Failure: Error {
        /// The exchange has it still, or has not said.
        case stillOpen(Trading.OrderState)
        /// The key's store did not say within this time.
        case noAnswer(Duration)
    }

    /// Once over all keys that are to end. An order that could not be cancelled pauses for a while.
    func round() async throws {
        let (keys, made, end) = (dependencies.keys, made, ContinuousClock.now + dependencies.limits.keyEndingTime)
        for key in try await dependencies.database.readAll({ try keys.leaving(made: made, limit: Self.keysPerRound, in: $0) }) {
            try Task.checkCancellation()
            // Where stores and exchange do not answer, the rest comes in the next round: open orders wait for this one to end.
            guard ContinuousClock.now < end else { return }
            do {
                _ = try await self.end(key, after: dependencies.now(), until: end)
            } catch let error as CancellationError {
                throw error
            } catch {
                dependencies.logger.error("a key was not brought to its end", metadata: ["key": "\(key.id)", "why": "\(error)"])
            }
        }
    }

    /// - Parameters:
    ///   - now: orders whose pause is not over then are left alone; nil: none is.
    ///   - until: orders that are not looked at by then are left to the next round; nil: none is.
    /// - Returns: what became of its open orders, in words.
    func end(_ key: StoredExchangeKey, after now: Int64? = nil, until: ContinuousClock.Instant? = nil) async throws -> [String] {
        var notes: [String] = []
        if key.isRevoked {
            let orders = try await dependencies.database.readAll { db in
                try OrderStore.toCancel(ofKey: key.id, now: now, limit: Self.ordersPerKey, in: db)
            }
            for order in orders {
                if let until, ContinuousClock.now >= until { break }
                notes.append(await cancel(order))
            }
        }
        return try await notes + endings.run(key.id) { try await destroyAndErase(key, after: now) }
    }

    /// Keys that were to be made by then are made by nobody any more.
    private var made: Int64 { dependencies.now() - dependencies.limits.keyMakingGraceMilliseconds }

    /// First where it is, then here: a row that says it is gone is right.
    private func destroyAndErase(_ key: StoredExchangeKey, after now: Int64?) async throws -> [String] {
        let made = made
        guard try await dependencies.database.readAll({ try ExchangeKeyLife.mayEnd(key.id, made: made, now: now, in: $0) }) else { return [] }
        do {
            let (holder, limits) = (dependencies.keyHolder, dependencies.limits)
            let destroyed: Void? = try await AnswerInTime.of(
                { try await holder.destroy(key.material) }, until: .now + limits.keyDestructionTime, isGivenUp: true)
            guard destroyed != nil else { throw Failure.noAnswer(limits.keyDestructionTime) }
        } catch {
            await tell(notDestroyed: key, error)
            let place = TradeKeyHolder.place(key.material.store ?? "")
            return ["The key is used for nothing any more, but \(place) has not destroyed it yet: that is tried again."]
        }
        let (time, outbox) = (dependencies.now(), dependencies.audit.outbox)
        try await dependencies.database.write { db in
            guard try ExchangeKeyLife.erase(key.id, now: time, in: db) else { return }
            let change = KeyChange(actor: .service(ExecutionNames.service), reason: key.isRevoked ? "revoked" : "retired")
            let details = key.material.store.map { ["destroyed_in": $0] } ?? [:]
            try outbox.append(AuditEvent(.ended, of: key.id, .exchangeTrade, by: change, user: key.user, details: details), in: db, essential: true)
        }
        return []
    }

    /// Once for each key: to audit, which alerts, and to the log.
    private func tell(notDestroyed key: StoredExchangeKey, _ error: any Error) async {
        let (outbox, now) = (dependencies.audit.outbox, dependencies.now())
        let event = AuditEvent(
            actor: .service(ExecutionNames.service), onBehalfOf: key.user, action: ExecutionAction.exchangeKeyNotDestroyed.rawValue, object: key.id,
            outcome: .failed, reason: String("\(error)".prefix(200)), details: ["store": key.material.store ?? ""])
        do {
            let isFirst = try await dependencies.database.write { db in
                let isFirst = try ExchangeKeyLife.noteDestroyFailed(key.id, now: now, in: db)
                if isFirst { try outbox.append(event, in: db, essential: true) }
                return isFirst
            }
            dependencies.logger.log(
                level: isFirst ? .error : .debug, "a key that ended was not destroyed", metadata: ["key": "\(key.id)", "why": "\(error)"])
        } catch {
            dependencies.logger.error("audit event lost", metadata: ["action": "\(event.action)", "error": "\(error)"])
        }
    }

    private func cancel(_ order: StoredOrder) async -> String {
        do {
            // What is on its way is known first: the person's lock is held by whoever sends.
            var known = try await reconciler.reconcile(order)
            if [.new, .partiallyFilled].contains(known.state) {
                let open = known
                known = try await locks.run(order.user) { try await cancelUnderLock(open) }
            }
            guard known.state.isFinal else { throw Failure.stillOpen(known.state) }
            return known.state == .canceled
                ? "Order \(order.clientOrderID) was cancelled." : "Order \(order.clientOrderID) is \(known.state.rawValue)."
        } catch {
            await tell(failed: order, error)
            return "Order \(order.clientOrderID) could not be cancelled and will be tried again: cancel it at the exchange."
        }
    }

    private func cancelUnderLock(_ order: StoredOrder) async throws -> StoredOrder {
        let trading = try await accounts.trading(of: order)
        let symbol = try CanonicalOrder(decoding: order.canonical).draft.symbol.name
        do {
            _ = try await trading.cancelOrder(symbol: symbol, clientOrderID: order.clientOrderID)
        } catch let error as ExchangeError where error.kind == .rejected {
            // Filled or cancelled meanwhile: the question below tells.
        }
        return try await tracker.ask(order, trading: trading, action: .orderCancelled)
    }

    /// Once for each order: to audit, which alerts, and to the log.
    private func tell(failed order: StoredOrder, _ error: any Error) async {
        let (outbox, now) = (dependencies.audit.outbox, dependencies.now())
        let event = AuditEvent(.orderCancelFailed, of: order, outcome: .failed, reason: String("\(error)".prefix(200)))
        do {
            let isFirst = try await dependencies.database.write { db in
                let isFirst = try OrderStore.noteCancelFailed(order.clientOrderID, now: now, in: db)
                if isFirst { try outbox.append(event, in: db, essential: true) }
                return isFirst
            }
            dependencies.logger.log(
                level: isFirst ? .error : .debug, "an order of a revoked key was not cancelled",
                metadata: ["order": "\(order.clientOrderID)", "why": "\(error)"])
        } catch {
            dependencies.logger.error("audit event lost", metadata: ["action": "\(event.action)", "error": "\(error)"])
        }
    }
}
