internal import AuditClient
internal import Crypto
internal import Exchange
internal import FoundationEssentials
internal import MeshCall
internal import Storage

/// Makes people's keys for the exchange and puts them to use.
struct ExchangeKeys: Sendable {
    let dependencies: ExecutionDependencies
    let locks: UserLocks
    let refusals: RefusalLog

    /// - Returns: the key's id and its public half in PEM.
    func create(for caller: Caller) async throws -> (id: String, publicKeyPEM: String) {
        let key = StoredExchangeKey(
            id: UUID().uuidString.lowercased(), user: caller.user, state: .pending, privateKey: Curve25519.Signing.PrivateKey(), apiKey: nil
        )
        let (keys, limits, now, outbox) = (dependencies.keys, dependencies.limits, dependencies.now(), dependencies.audit.outbox)
        try await dependencies.database.write(as: caller.user) { db in
            guard try keys.countPending(user: caller.user, in: db) < limits.pendingKeys else {
                throw RPCError(.resourceExhausted, "Too many of your keys wait for activation.", reason: "TOO_MANY_KEYS")
            }
            try keys.insert(key, now: now, in: db)
            try outbox.append(AuditEvent(.exchangeKeyCreated, of: key.id, by: caller), in: db)
        }
        return (key.id, PublicKeyPEM.encode(key.privateKey.publicKey))
    }

    /// Asks the exchange for the account behind the key; only a key that works becomes the active one. The same again changes nothing.
    func activate(_ id: String, apiKey: String, for caller: Caller) async throws {
        guard (1...ExecutionLimits.maxAPIKeyCharacters).contains(apiKey.utf8.count), apiKey.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            throw Refusal.invalid("The API key is malformed.", "MALFORMED_API_KEY")
        }
        // Between an order's way out and a change of keys: never both at once.
        try await locks.run(caller.user) { try await activateUnderLock(id, apiKey: apiKey, for: caller) }
    }

    private func activateUnderLock(_ id: String, apiKey: String, for caller: Caller) async throws {
        let keys = dependencies.keys
        guard let key = try await dependencies.database.read(as: caller.user, { try keys.find(id, in: $0) }) else {
            throw RPCError(.notFound, "There is no such key.", reason: "KEY_UNKNOWN")
        }
        if key.state == .active, key.apiKey == apiKey { return }
        guard key.state == .pending else { throw ExchangeKeys.used }
        try await check(key, apiKey: apiKey, for: caller)
        let (now, outbox) = (dependencies.now(), dependencies.audit.outbox)
        try await dependencies.database.write(as: caller.user) { db in
            guard let current = try keys.find(id, in: db), current.user == caller.user, current.state == .pending else {
                throw ExchangeKeys.used
            }
            try keys.activate(current, apiKey: apiKey, now: now, in: db)
            try outbox.append(AuditEvent(.exchangeKeyActivated, of: id, by: caller), in: db)
        }
    }

    private static let used = Refusal.precondition("This key was used before. Make a new one.", "KEY_USED")

    private func check(_ key: StoredExchangeKey, apiKey: String, for caller: Caller) async throws {
        let account: AccountInformation
        do {
            account = try await dependencies.exchange.trading(apiKey: apiKey, privateKey: key.privateKey).account()
        } catch {
            let event = AuditEvent(
                .exchangeKeyActivated, of: key.id, by: caller, outcome: .refused,
                reason: (error as? ExchangeError)?.code.map(String.init) ?? "")
            await refusals.record(event, of: caller.user)
            throw Refusal.exchange(error)
        }
        guard account.canTrade else { throw Refusal.precondition("The exchange account may not trade.", "ACCOUNT_CANNOT_TRADE") }
    }
}
