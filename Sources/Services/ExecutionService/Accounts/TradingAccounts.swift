internal import Exchange
internal import KeyManagement
internal import Logging
internal import MeshCall
internal import OutboundHTTP
internal import Storage
internal import Trading

/// The exchange accounts of people with an active key.
struct TradingAccounts: Sendable {
    let dependencies: ExecutionDependencies

    /// A key and the account behind it.
    struct Access: Sendable {
        let keyID: String
        let trading: any TradingExchange
        /// The same for placing: an order leaves only while the key is active and trading is not stopped.
        let placing: any TradingExchange
        /// Why an order was not sent after all, if it was not.
        let lastLook: LastLook
        fileprivate let signer: any RequestSigner
        /// Which store the key lies in; nil: here.
        fileprivate let store: String?
    }

    /// Signed to see whether a key's store signs; no exchange takes it for a request.
    private static let question = Array("cryptopulse: does this key sign?".utf8)

    /// With the key that is active now.
    ///
    /// - Throws: `RPCError` FAILED_PRECONDITION NO_EXCHANGE_KEY, EXCHANGE_KEY_TOO_OLD.
    func active(of user: String) async throws -> Access {
        let keys = dependencies.keys
        let key = try await dependencies.database.read(as: user) { try keys.active(user: user, in: $0) }
        if let activated = key?.activatedMilliseconds,
            case .refused(let days) = dependencies.keyAge.verdict(activatedAt: activated / 1000, now: dependencies.now() / 1000)
        {
            throw Refusal.keyTooOld(days)
        }
        return try access(key)
    }

    /// With the key that the order was made with, active or retired: no other account can say what became of it.
    ///
    /// - Throws: `RPCError` FAILED_PRECONDITION NO_EXCHANGE_KEY.
    func trading(of order: StoredOrder) async throws -> any TradingExchange {
        let keys = dependencies.keys
        return try access(try await dependencies.database.read(as: order.user) { try keys.find(order.exchangeKeyID, in: $0) }).trading
    }

    private func access(_ key: StoredExchangeKey?) throws -> Access {
        guard let key, let apiKey = key.apiKey else { throw Refusal.noExchangeKey }
        let signer = try dependencies.keyHolder.signer(key.material)
        let lastLook = LastLook { try await obstacle(to: key.id) }
        // What a key has placed is asked about and cancelled with it when it is revoked too.
        return Access(
            keyID: key.id, trading: dependencies.exchange.trading(apiKey: apiKey, signer: signer, lastLook: nil),
            placing: dependencies.exchange.trading(apiKey: apiKey, signer: signer) { try await lastLook() }, lastLook: lastLook, signer: signer,
            store: key.material.store)
    }

    private func obstacle(to key: String) async throws -> RPCError? {
        try await dependencies.database.readAll { db in
            if try KillSwitchStore.read(in: db).engaged { return Refusal.killSwitch }
            return try ExchangeKeyLife.isActive(key, in: db) ? nil : Refusal.keyRevoked
        }
    }

    /// That the key signs now: an order whose nonce is burned and that then cannot be signed is lost for good.
    ///
    /// - Throws: `RPCError` UNAVAILABLE, KEY_STORE_UNAVAILABLE; FAILED_PRECONDITION, KEY_UNUSABLE, when to wait does not help.
    func checkSigns(_ access: Access) async throws {
        guard let store = access.store else { return }
        do {
            let signature = try await AnswerInTime.of(
                { try await access.signer.signature(of: Self.question) }, until: .now + dependencies.limits.keyCheckTime, isGivenUp: true)
            guard signature != nil else { throw KeyHolderSilent() }
        } catch where error is KeyHolderSilent || SilentStores.isSilence(error) {
            throw Refusal.keyStoreAway(store, cause: error)
        } catch {
            dependencies.logger.error("a trade key is not signed with", metadata: ["key": "\(access.keyID)", "error": "\(error)"])
            throw Refusal.keyUnusable(store, cause: error)
        }
    }

    private struct KeyHolderSilent: Error {}

    /// - Throws: `RPCError`.
    func account(of user: String) async throws -> AccountInformation {
        let access = try await active(of: user)
        do {
            return try await access.trading.account()
        } catch let error as ExchangeError where error.kind == .credentials {
            throw Refusal.badExchangeKey(await access.trading.diagnose(error, for: .trading), cause: error)
        } catch {
            throw Refusal.exchange(error)
        }
    }

    /// Free balances by asset.
    func freeBalances(of user: String) async throws -> [Asset: Trading.Decimal] {
        let balances = try await account(of: user).balances.compactMap { balance in Asset(balance.asset).map { ($0, balance.free) } }
        return Dictionary(balances) { first, _ in first }
    }
}
