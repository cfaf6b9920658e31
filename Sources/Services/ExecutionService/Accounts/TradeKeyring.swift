internal import AuditClient
internal import KeyManagement
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
        let (keys, outbox, now) = (dependencies.keys, dependencies.audit.outbox, dependencies.now())
        let key = try await dependencies.database.write { db -> StoredExchangeKey? in
            guard let key = try keys.find(id, in: db) else { return nil }
            try ExchangeKeyLife.revoke(id, now: now, in: db)
            if !key.isRevoked {
                try outbox.append(AuditEvent(.revoked, of: id, .exchangeTrade, by: change, user: key.user), in: db, essential: true)
            }
            return try keys.find(id, in: db)
        }
        var notes: [String] = []
        // A caller that goes away does not leave half of the orders.
        if let key { notes = try await Task { try await retirement.end(key) }.value }
        guard let record = try await dependencies.database.readAll({ try ExchangeKeyLife.record(id, in: $0) }) else { throw RPCError.unknownKey }
        return KeyOutcome(record, notes: notes)
    }
}
