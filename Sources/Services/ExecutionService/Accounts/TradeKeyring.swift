internal import AuditClient
internal import GRDB
internal import KeyManagement
internal import Logging
internal import MeshCall
internal import Storage

/// People's trade keys, as the operator sees them. Only the person can make a new one: it takes the exchange's consent.
struct TradeKeyring: ManagedKeys {
    let dependencies: ExecutionDependencies
    let retirement: KeyRetirement

    var kind: KeyKind { .exchangeTrade }

    func records(gone: Bool, limit: Int) async throws -> [KeyRecord] {
        try await dependencies.database.readAll { try ExchangeKeyLife.records(gone: gone, limit: limit, in: $0) }
    }

    func rotate(_ id: String?, _ change: KeyChange) async throws -> KeyOutcome {
        guard let id else {
            throw RPCError.keyPrecondition("Say which: each person has a key of their own.", "ID_MISSING")
        }
        let outbox = dependencies.audit.outbox
        let key = try await dependencies.database.write { db -> KeyRecord in
            guard let key = try ExchangeKeyLife.record(id, in: db), key.state == .active else { throw RPCError.unknownKey }
            try ExchangeKeyLife.requestRotation(of: id, because: change.reason, in: db)
            try outbox.append(AuditEvent(.rotationRequested, of: id, .exchangeTrade, by: change, user: key.user), in: db)
            return try ExchangeKeyLife.record(id, in: db) ?? key
        }
        return KeyOutcome(key, notes: ["The person is to link a new key (pulse exchange link). Until then this one stays in use, and counts as overdue."])
    }

    func revoke(_ id: String, _ change: KeyChange) async throws -> KeyOutcome {
        let notes = try await revoke(change) { _ in [id] }.notes
        guard let record = try await dependencies.database.readAll({ try ExchangeKeyLife.record(id, in: $0) }) else { throw RPCError.unknownKey }
        return KeyOutcome(record, notes: notes)
    }

    /// All of a person's keys that nobody has revoked yet.
    func revokeAll(of user: String, _ change: KeyChange) async throws -> (ids: [String], notes: [String]) {
        try await revoke(change) { try ExchangeKeyLife.standing(of: user, in: $0) }
    }

    /// First nothing new is done with any of them, then they are ended.
    private func revoke(
        _ change: KeyChange, _ which: @escaping @Sendable (Database) throws -> [String]
    ) async throws -> (ids: [String], notes: [String]) {
        let (outbox, now) = (dependencies.audit.outbox, dependencies.now())
        let ids = try await dependencies.database.write { db in
            let ids = try which(db)
            for id in ids where try ExchangeKeyLife.revoke(id, now: now, in: db) {
                let user = try ExchangeKeyLife.owner(of: id, in: db)
                try outbox.append(AuditEvent(.revoked, of: id, .exchangeTrade, by: change, user: user), in: db, essential: true)
            }
            return ids
        }
        // A caller that goes away does not leave half of the orders.
        return (ids, try await Task { try await end(ids) }.value)
    }

    private func end(_ ids: [String]) async throws -> [String] {
        let keys = dependencies.keys
        var (revoked, notes): ([StoredExchangeKey], [String]) = ([], [])
        for id in ids {
            do {
                if let key = try await dependencies.database.readAll({ try keys.find(id, in: $0) }) { revoked.append(key) }
            } catch {
                dependencies.logger.error("a revoked key cannot be read", metadata: ["key": "\(id)", "error": "\(error)"])
                notes.append(KeyRetirement.unreadable(id))
            }
        }
        return try await notes + retirement.end(revoked)
    }
}
