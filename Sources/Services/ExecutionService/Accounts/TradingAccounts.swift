internal import Exchange
internal import MeshCall
internal import Storage
internal import Trading

/// The exchange accounts of people with an active key.
struct TradingAccounts: Sendable {
    let dependencies: ExecutionDependencies

    /// - Throws: `RPCError` FAILED_PRECONDITION NO_EXCHANGE_KEY.
    func trading(for user: String) async throws -> any TradingExchange {
        let keys = dependencies.keys
        let key = try await dependencies.database.read(as: user) { try keys.active(user: user, in: $0) }
        guard let key, let apiKey = key.apiKey else { throw Refusal.noExchangeKey }
        return dependencies.exchange.trading(apiKey: apiKey, privateKey: key.privateKey)
    }

    /// - Throws: `RPCError`.
    func account(of user: String) async throws -> AccountInformation {
        let trading = try await trading(for: user)
        do {
            return try await trading.account()
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
