internal import AuditClient
internal import Crypto
internal import Exchange
internal import FoundationEssentials
internal import Identity
internal import Logging
internal import MeshCall
internal import OutboundHTTP
internal import Storage

/// Makes people's keys for the exchange and puts them to use.
struct ExchangeKeys: Sendable {
    let dependencies: ExecutionDependencies
    let locks: UserLocks
    let refusals: RefusalLog

    /// - Returns: the key's id and its public half in PEM.
    func create(for caller: Caller) async throws -> (id: String, publicKeyPEM: String) {
        let id = UUID().uuidString.lowercased()
        let key = StoredExchangeKey(
            id: id, user: caller.user, state: .pending, material: try dependencies.keyHolder.plan(user: caller.user, id: id), apiKey: nil)
        let (keys, limits, now) = (dependencies.keys, dependencies.limits, dependencies.now())
        // The row is there before the key: whatever happens in between, somebody knows what to destroy.
        try await dependencies.database.write(as: caller.user) { db in
            try ExchangeKeyLife.expirePending(madeBy: now - limits.pendingKeyMilliseconds, of: caller.user, now: now, in: db)
            guard try keys.countPending(user: caller.user, now: now, in: db) < limits.pendingKeys else {
                throw RPCError(.resourceExhausted, "Too many of your keys wait for activation.", reason: "TOO_MANY_KEYS")
            }
            try keys.insert(key, now: now, until: now + limits.keyMakingMilliseconds, in: db)
        }
        // A caller that goes away does not leave half of a key: what comes too late is given up by whoever made it.
        let deadline = ContinuousClock.now + .milliseconds(limits.keyMakingMilliseconds)
        guard let publicKey = try await AnswerInTime.of({ try await make(key, for: caller) }, until: deadline) else { throw ExchangeKeys.tooLate }
        return (id, PublicKeyPEM.encode(publicKey))
    }

    private func make(_ key: StoredExchangeKey, for caller: Caller) async throws -> Curve25519.Signing.PublicKey {
        let (keys, outbox, now) = (dependencies.keys, dependencies.audit.outbox, dependencies.now)
        do {
            let publicKey = try await dependencies.keyHolder.make(key.material)
            try await dependencies.database.write(as: caller.user) { db in
                guard try keys.made(key.id, now: now(), in: db) else { throw ExchangeKeys.tooLate }
                let details = key.material.store.map { ["store": $0] } ?? [:]
                try outbox.append(AuditEvent(.exchangeKeyCreated, of: key.id, by: caller, details: details), in: db)
            }
            return publicKey
        } catch {
            dependencies.logger.error("exchange key not made", metadata: ["key": "\(key.id)", "error": "\(error)"])
            // A store that has not answered may still make it: that is waited for, as where even this fails.
            guard !TradeKeyHolder.mayStillCome(after: error) else { throw error }
            try? await dependencies.database.write(as: caller.user) { db in try keys.giveUp(key.id, in: db) }
            throw error
        }
    }

    private static let tooLate = RPCError(.unavailable, "The key was not made in time. Try again.", reason: "KEY_NOT_MADE")

    /// Asks the exchange for the account behind the key and for what the key may do; only a key that works, cannot withdraw and is restricted
    /// to addresses becomes the active one. The same again changes nothing.
    ///
    /// - Returns: what the exchange would not say of the key.
    func activate(_ id: String, apiKey: String, for caller: Caller) async throws -> [String] {
        guard (1...ExecutionLimits.maxAPIKeyCharacters).contains(apiKey.utf8.count), apiKey.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            throw Refusal.invalid("The API key is malformed.", "MALFORMED_API_KEY")
        }
        try await checkVerified(caller, id)
        // Between an order's way out and a change of keys: never both at once.
        return try await locks.run(caller.user) { try await activateUnderLock(id, apiKey: apiKey, for: caller) }
    }

    /// Where there is real money, an admin must have verified the person: auth says so in the token's scope.
    private func checkVerified(_ caller: Caller, _ id: String) async throws {
        guard !PersonScopes.mayLinkExchange(caller.scope, in: dependencies.environment) else { return }
        await refusals.record(AuditEvent(.exchangeKeyActivated, of: id, by: caller, outcome: .refused, reason: "NOT_VERIFIED"), of: caller.user)
        throw Refusal.notVerified
    }

    private func activateUnderLock(_ id: String, apiKey: String, for caller: Caller) async throws -> [String] {
        let (keys, limits, time) = (dependencies.keys, dependencies.limits, dependencies.now())
        try await dependencies.database.write(as: caller.user) { db in
            try ExchangeKeyLife.expirePending(madeBy: time - limits.pendingKeyMilliseconds, of: caller.user, now: time, in: db)
        }
        guard let key = try await dependencies.database.read(as: caller.user, { try keys.find(id, in: $0) }) else {
            throw RPCError(.notFound, "There is no such key.", reason: "KEY_UNKNOWN")
        }
        if key.state == .active, key.apiKey == apiKey { return [] }
        guard key.state == .pending else { throw key.activatedMilliseconds == nil ? ExchangeKeys.ended : ExchangeKeys.used }
        let unchecked = try await check(key, apiKey: apiKey, for: caller)
        let (now, outbox) = (dependencies.now(), dependencies.audit.outbox)
        try await dependencies.database.write(as: caller.user) { db in
            guard let current = try keys.find(id, in: db), current.user == caller.user, current.state == .pending else {
                throw ExchangeKeys.used
            }
            try keys.activate(current, apiKey: apiKey, now: now, in: db)
            let details = unchecked.isEmpty ? [:] : ["not_checked": unchecked.joined(separator: "; ")]
            try outbox.append(AuditEvent(.exchangeKeyActivated, of: id, by: caller, details: details), in: db)
        }
        return unchecked
    }

    private static let ended = Refusal.precondition("This key waited too long for its activation, or was ended. Make a new one.", "KEY_ENDED")

    private static let used = Refusal.precondition("This key was used before. Make a new one.", "KEY_USED")

    /// - Returns: what the exchange would not say of the key.
    private func check(_ key: StoredExchangeKey, apiKey: String, for caller: Caller) async throws -> [String] {
        let exchange = dependencies.exchange.trading(apiKey: apiKey, signer: try dependencies.keyHolder.signer(key.material), lastLook: nil)
        do {
            guard try await exchange.account().canTrade else { throw ExchangeKeys.accountCannotTrade }
            guard let restrictions = try await exchange.keyRestrictions() else { return KeyPurpose.trading.unchecked }
            let faults = KeyPurpose.trading.faults(in: restrictions)
            guard faults.isEmpty else {
                await recordRefusal(of: key, faults.map(\.rawValue).joined(separator: " "), caller)
                throw Refusal.unfitKey(faults)
            }
            return []
        } catch let error as ExchangeError {
            await recordRefusal(of: key, error.code.map(String.init) ?? "", caller)
            guard error.kind == .credentials else { throw Refusal.exchange(error) }
            throw Refusal.badExchangeKey(await exchange.diagnose(error, for: .trading), cause: error)
        }
    }

    private static let accountCannotTrade = Refusal.precondition("The exchange account may not trade.", "ACCOUNT_CANNOT_TRADE")

    private func recordRefusal(of key: StoredExchangeKey, _ reason: String, _ caller: Caller) async {
        await refusals.record(
            AuditEvent(.exchangeKeyActivated, of: key.id, by: caller, outcome: .refused, reason: reason), of: caller.user)
    }
}
