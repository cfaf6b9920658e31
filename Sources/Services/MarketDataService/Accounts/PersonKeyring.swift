import AuditClient
import KeyManagement
import MeshCall
import Storage

/// People's read keys, as the operator sees them. Only the person can make a new one: it takes the exchange's consent.
struct PersonKeyring: ManagedKeys {
    let database: ServiceDatabase
    let outbox: AuditOutbox
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64

    var kind: KeyKind { .exchangeRead }

    func records(gone: Bool, limit: Int) async throws -> [KeyRecord] {
        try await database.readAll { try PersonKeyLife.records(gone: gone, limit: limit, in: $0) }
    }

    func rotate(_ id: String?, _ change: KeyChange) async throws -> KeyOutcome {
        guard let id else { throw RPCError.keyPrecondition("Say which: each person has a key of their own.", "ID_MISSING") }
        let key = try await database.write { [outbox] db -> KeyRecord in
            guard let key = try PersonKeyLife.record(id, in: db), key.state == .active else { throw RPCError.unknownKey }
            try PersonKeyLife.requestRotation(of: id, because: change.reason, in: db)
            try outbox.append(AuditEvent(.rotationRequested, of: id, .exchangeRead, by: change, user: key.user), in: db)
            return try PersonKeyLife.record(id, in: db) ?? key
        }
        return KeyOutcome(key, notes: ["The person is to link a new key (pulse exchange link). Until then this one stays in use, and counts as overdue."])
    }

    func revoke(_ id: String, _ change: KeyChange) async throws -> KeyOutcome {
        let key = try await database.write { [outbox, now] db -> KeyRecord in
            guard let key = try PersonKeyLife.record(id, in: db) else { throw RPCError.unknownKey }
            guard key.state != .gone else { return key }
            try PersonKeyLife.erase(id, now: now(), in: db)
            try outbox.append(AuditEvent(.revoked, of: id, .exchangeRead, by: change, user: key.user), in: db, essential: true)
            return try PersonKeyLife.record(id, in: db) ?? key
        }
        return KeyOutcome(key)
    }
}
