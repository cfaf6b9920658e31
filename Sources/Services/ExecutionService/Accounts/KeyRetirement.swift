internal import AuditClient
internal import Exchange
internal import KeyManagement
internal import Logging
internal import Storage
internal import Trading

/// The end of people's keys: what a revoked key placed is cancelled, and a key is erased as soon as no order needs it any more.
struct KeyRetirement: Sendable {
    let dependencies: ExecutionDependencies
    let accounts: TradingAccounts
    let tracker: OrderTracker
    let reconciler: Reconciler
    let locks: UserLocks

    /// Keys looked at in one round, and orders of one key.
    private static let keysPerRound = 50
    private static let ordersPerKey = 200

    /// Once over all keys that are to end.
    func round() async throws {
        let keys = dependencies.keys
        for key in try await dependencies.database.readAll({ try keys.leaving(limit: Self.keysPerRound, in: $0) }) {
            try Task.checkCancellation()
            _ = try await end(key, isFirstTry: false)
        }
    }

    /// - Parameter isFirstTry: orders that cannot be cancelled are told to audit then; later tries are in the log only.
    /// - Returns: what became of its open orders, in words.
    func end(_ key: StoredExchangeKey, isFirstTry: Bool) async throws -> [String] {
        var notes: [String] = []
        if key.isRevoked {
            for order in try await dependencies.database.readAll({ try OrderStore.open(ofKey: key.id, limit: Self.ordersPerKey, in: $0) }) {
                notes.append(await cancel(order, isFirstTry: isFirstTry))
            }
        }
        let (now, outbox) = (dependencies.now(), dependencies.audit.outbox)
        try await dependencies.database.write { db in
            guard try ExchangeKeyLife.erase(key.id, now: now, in: db) else { return }
            let change = KeyChange(actor: .service(ExecutionNames.service), reason: key.isRevoked ? "revoked" : "retired")
            try outbox.append(AuditEvent(.ended, of: key.id, .exchangeTrade, by: change, user: key.user), in: db, essential: true)
        }
        return notes
    }

    private func cancel(_ order: StoredOrder, isFirstTry: Bool) async -> String {
        do {
            // What is on its way is known first: the person's lock is held by whoever sends.
            let known = try await reconciler.reconcile(order)
            guard [.new, .partiallyFilled].contains(known.state) else { return Self.note(known) }
            return Self.note(try await locks.run(order.user) { try await cancelUnderLock(known) })
        } catch {
            dependencies.logger.error(
                "an order of a revoked key was not cancelled", metadata: ["order": "\(order.clientOrderID)", "why": "\(error)"])
            if isFirstTry { await record(failed: order, error) }
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

    private static func note(_ order: StoredOrder) -> String {
        order.state == .canceled
            ? "Order \(order.clientOrderID) was cancelled." : "Order \(order.clientOrderID) is \(order.state.rawValue)."
    }

    private func record(failed order: StoredOrder, _ error: any Error) async {
        let outbox = dependencies.audit.outbox
        let event = AuditEvent(.orderCancelFailed, of: order, outcome: .failed, reason: String("\(error)".prefix(200)))
        do {
            _ = try await dependencies.database.write { db in try outbox.append(event, in: db, essential: true) }
        } catch {
            dependencies.logger.error("audit event lost", metadata: ["action": "\(event.action)", "error": "\(error)"])
        }
    }
}
