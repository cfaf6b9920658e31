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

    /// What became of a key, or of its orders.
    private struct Ending {
        /// In words for its owner.
        var notes: [String] = []
        /// The key's store did not answer: it is asked for nothing more this time.
        var isSilent = false
    }

    /// Once over all keys that are to end. An order that could not be cancelled pauses for a while.
    func round() async throws {
        let (keys, made, end) = (dependencies.keys, made, ContinuousClock.now + dependencies.limits.keyEndingTime)
        let (now, lifetime) = (dependencies.now(), dependencies.limits.pendingKeyMilliseconds)
        try await dependencies.database.write { try ExchangeKeyLife.expirePending(madeBy: now - lifetime, of: nil, now: now, in: $0) }
        var silent = SilentStores()
        for key in try await dependencies.database.readAll({ try keys.leaving(made: made, limit: Self.keysPerRound, in: $0) }) {
            try Task.checkCancellation()
            // Where stores and exchange do not answer, the rest comes in the next round: open orders wait for this one to end.
            guard ContinuousClock.now < end else { return }
            guard !silent.has(key.material.store) else { continue }
            do {
                if try await self.end(key, after: dependencies.now(), until: end).isSilent { silent.add(key.material.store) }
            } catch let error as CancellationError {
                throw error
            } catch {
                dependencies.logger.error("a key was not brought to its end", metadata: ["key": "\(key.id)", "why": "\(error)"])
            }
        }
    }

    /// One person's keys, at once, whatever was tried when; what is not done in time is done in the rounds.
    ///
    /// - Returns: what became of them and of their open orders, in words.
    func end(_ keys: [StoredExchangeKey]) async throws -> [String] {
        let end = ContinuousClock.now + dependencies.limits.keyRevocationTime
        var (notes, silent): ([String], _) = ([], SilentStores())
        for key in keys {
            if silent.has(key.material.store) || ContinuousClock.now >= end {
                notes += try await toCancel(key, after: nil).map(Self.notCancelled) + [Self.notEnded(key)]
                continue
            }
            let ending = try await self.end(key, after: nil, until: end)
            notes += ending.notes
            if ending.isSilent { silent.add(key.material.store) }
        }
        return notes
    }

    private func toCancel(_ key: StoredExchangeKey, after now: Int64?) async throws -> [StoredOrder] {
        try await dependencies.database.readAll { try OrderStore.toCancel(ofKey: key.id, now: now, limit: Self.ordersPerKey, in: $0) }
    }

    /// - Parameters:
    ///   - now: orders whose pause is not over then are left alone; nil: none is.
    ///   - until: orders that are not looked at by then are left to the next round.
    private func end(_ key: StoredExchangeKey, after now: Int64?, until: ContinuousClock.Instant) async throws -> Ending {
        var ending = Ending()
        if key.isRevoked {
            for order in try await toCancel(key, after: now) {
                if ending.isSilent || ContinuousClock.now >= until {
                    ending.notes.append(Self.notCancelled(order))
                } else {
                    let outcome = try await cancel(order)
                    ending.notes += outcome.notes
                    ending.isSilent = outcome.isSilent
                }
            }
        }
        // Only rounds have a time beyond this one.
        guard ContinuousClock.now < until else { return Ending(notes: ending.notes + [Self.notEnded(key)], isSilent: ending.isSilent) }
        let last = try await endings.run(key.id) { try await destroyAndErase(key, after: now) }
        return Ending(notes: ending.notes + last.notes, isSilent: ending.isSilent || last.isSilent)
    }

    /// Keys that were to be made by then are made by nobody any more.
    private var made: Int64 { dependencies.now() - dependencies.limits.keyMakingGraceMilliseconds }

    /// First where it is, then here: a row that says it is gone is right.
    private func destroyAndErase(_ key: StoredExchangeKey, after now: Int64?) async throws -> Ending {
        let made = made
        guard try await dependencies.database.readAll({ try ExchangeKeyLife.mayEnd(key.id, made: made, now: now, in: $0) }) else { return Ending() }
        do {
            let (holder, limits) = (dependencies.keyHolder, dependencies.limits)
            let destroyed: Void? = try await AnswerInTime.of(
                { try await holder.destroy(key.material) }, until: .now + limits.keyDestructionTime, isGivenUp: true)
            guard destroyed != nil else { throw Failure.noAnswer(limits.keyDestructionTime) }
        } catch {
            await tell(notDestroyed: key, error)
            return Ending(notes: [Self.notEnded(key)], isSilent: error is Failure || SilentStores.isSilence(error))
        }
        let (time, outbox) = (dependencies.now(), dependencies.audit.outbox)
        try await dependencies.database.write { db in
            guard try ExchangeKeyLife.erase(key.id, now: time, in: db) else { return }
            let change = KeyChange(actor: .service(ExecutionNames.service), reason: key.reasonOfEnd)
            let details = key.material.store.map { ["destroyed_in": $0] } ?? [:]
            try outbox.append(AuditEvent(.ended, of: key.id, .exchangeTrade, by: change, user: key.user, details: details), in: db, essential: true)
        }
        return Ending()
    }

    private func cancel(_ order: StoredOrder) async throws -> Ending {
        do {
            // What is on its way is known first: the person's lock is held by whoever sends.
            var known = try await reconciler.reconcile(order)
            if [.new, .partiallyFilled].contains(known.state) {
                let open = known
                known = try await locks.run(order.user) { try await cancelUnderLock(open) }
            }
            guard known.state.isFinal else { throw Failure.stillOpen(known.state) }
            let end = known.state == .canceled ? "was cancelled" : "is \(known.state.rawValue)"
            return Ending(notes: ["Order \(order.clientOrderID) \(end)."])
        } catch let error as CancellationError {
            throw error
        } catch {
            await tell(failed: order, error)
            return Ending(notes: [Self.notCancelled(order)], isSilent: SilentStores.isSilence(error))
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
        return try await tracker.ask(order, trading: trading, action: .orderCancelled, tellsNotSigned: true)
    }
}
