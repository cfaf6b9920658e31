import AuditClient
import KeyManagement
import MeshCall

/// The service's own key at the exchange, as the operator sees all keys. A new pair is made here; registering its public half takes the operator.
struct MarketKeyring: ManagedKeys {
    let keeper: ReadKeyKeeper

    var kind: KeyKind { .exchangeMarket }

    func records(gone: Bool, limit: Int) async throws -> [KeyRecord] {
        Array(keeper.records.prefix(limit))
    }

    func rotate(_ id: String?, _ change: KeyChange) async throws -> KeyOutcome {
        if let id, !keeper.records.contains(where: { $0.id == id && $0.state == .active }) { throw RPCError.unknownKey }
        return KeyOutcome(try await keeper.prepareNext(by: change), notes: [keeper.advice, "Until then the present key stays in use."])
    }

    func revoke(_ id: String, _ change: KeyChange) async throws -> KeyOutcome {
        KeyOutcome(try await keeper.revoke(id, by: change), notes: [keeper.advice])
    }
}
