import Exchange
import MeshCall

/// The exchange as this service reads it: with the read key that is valid now.
struct ExchangeReader: Sendable {
    /// - Throws: `RPCError` UNAVAILABLE with reason EXCHANGE_KEY_MISSING while there is no key.
    let current: @Sendable () throws -> any MarketExchange
    /// Told when the exchange refuses the key.
    let refused: @Sendable (ExchangeError) async -> Void

    /// - Throws: `RPCError`.
    func read<Value: Sendable>(_ body: (any MarketExchange) async throws -> Value) async throws -> Value {
        do {
            return try await body(try current())
        } catch let error as ExchangeError {
            if error.kind == .credentials { await refused(error) }
            throw ExchangeFailure.rpcError(error)
        }
    }
}
