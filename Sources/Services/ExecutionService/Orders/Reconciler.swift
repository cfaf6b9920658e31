internal import AuditClient
internal import Exchange
internal import Logging
internal import Storage
internal import Trading

/// Finds out what became of orders that this process, or the one before it, lost sight of. Asks; never sends.
struct Reconciler: Sendable {
    let dependencies: ExecutionDependencies
    let accounts: TradingAccounts
    let tracker: OrderTracker
    let locks: UserLocks
    /// Requests of an earlier process had all left by now. Milliseconds since 1970.
    let startedMilliseconds: Int64

    /// At start, before anything is served: intents that were never sent are abandoned, for nobody is working on them.
    func abandonIntents() async throws {
        // Every one of them is settled by this, so the loop ends.
        while true {
            let limit = dependencies.limits.reconciledOrders
            let intents = try await dependencies.database.readAll { try OrderStore.inStates([.intent], limit: limit, in: $0) }
            guard !intents.isEmpty else { return }
            for order in intents { try await tracker.abandon(order, because: "execution stopped before it was sent") }
        }
    }

    /// One round over unknown and open orders. One that takes long ends early: orders come in a random order, so that the next gets to others.
    func round() async throws {
        let (limit, end) = (dependencies.limits.reconciledOrders, ContinuousClock.now + dependencies.limits.reconciliationTime)
        var silent = SilentStores()
        let orders = try await dependencies.database.readAll { db in
            try OrderStore.inStates([.unknown], limit: limit, in: db) + OrderStore.inStates([.new, .partiallyFilled], limit: limit, in: db)
        }
        // The unknown ones do not always come before all others: a round may end early.
        for order in orders.shuffled() {
            try Task.checkCancellation()
            guard ContinuousClock.now < end else {
                let limit = dependencies.limits.reconciliationTime
                dependencies.logger.warning("a round of reconciliation was not finished in time", metadata: ["limit": "\(limit)"])
                return
            }
            let store = try await dependencies.database.readAll { try ExchangeKeyLife.store(of: order.exchangeKeyID, in: $0) }
            guard !silent.has(store, key: order.exchangeKeyID) else { continue }
            do {
                _ = try await reconcile(order)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                if SilentStores.isSilence(error) { silent.addUnsigned(order.exchangeKeyID, in: store) }
                dependencies.logger.warning("order not reconciled", metadata: ["order": "\(order.clientOrderID)", "error": "\(error)"])
            }
        }
    }

    /// - Returns: the order as it is now known.
    /// - Throws: `ExchangeError` of the kind `notSigned`, too: the key's store is away, or the key.
    func reconcile(_ order: StoredOrder) async throws -> StoredOrder {
        try await locks.run(order.user) { try await underLock(order, tellsNotSigned: true) }
    }

    /// The same, unless somebody works on the person's orders now: then they will know soon.
    func refresh(_ order: StoredOrder) async throws {
        _ = try await locks.runIfFree(order.user) { try await underLock(order) }
    }

    private func underLock(_ order: StoredOrder, tellsNotSigned: Bool = false) async throws -> StoredOrder {
        // Whoever had the lock may have settled it.
        guard let current = try await dependencies.database.readAll({ try OrderStore.find(order.clientOrderID, in: $0) }),
            [.unknown, .new, .partiallyFilled].contains(current.state)
        else { return order }
        let trading = try await accounts.trading(of: current)
        let settled = try await tracker.ask(current, trading: trading, quietSince: startedMilliseconds, tellsNotSigned: tellsNotSigned)
        if settled.state != current.state {
            dependencies.logger.notice(
                "order reconciled",
                metadata: [
                    "order": "\(order.clientOrderID)", "was": "\(current.state)", "is": "\(settled.state)",
                    "reason": "\(settled.reason)",
                ])
        }
        return settled
    }

    /// Rounds until cancelled.
    ///
    /// - Parameter after: done after each round.
    func run(after: @Sendable () async throws -> Void) async throws {
        while true {
            try await Task.sleep(for: dependencies.limits.reconciliationInterval)
            do {
                try await round()
                try await after()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                dependencies.logger.error("reconciliation failed", metadata: ["error": "\(error)"])
            }
        }
    }
}
