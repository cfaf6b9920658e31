internal import Exchange
internal import KeyManagement
internal import MeshCall
internal import Storage
internal import Trading

/// The exchange accounts of people with an active key.
struct TradingAccounts: Sendable {
    let dependencies: ExecutionDependencies

    /// A key and the account behind it.
    struct Access: Sendable {
        let keyID: String
        let trading: any TradingExchange
    }

    /// With the key that is active now. For new orders.
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
        return Access(keyID: key.id, trading: dependencies.exchange.trading(apiKey: apiKey, signer: try dependencies.keyHolder.signer(key.material)))
    }

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
