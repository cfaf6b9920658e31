import AuditClient
import GRDB
import KeyManagement
import Storage

/// The end of people's keys that were made and never activated: nobody knows any more what became of their other half.
struct PendingKeys: Sendable {
    let database: ServiceDatabase
    let outbox: AuditOutbox
    let limits: MarketDataLimits
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64

    /// Keys ended in one transaction.
    private static let keysPerRound = 100

    /// - Parameter user: whose; nil: everybody's.
    func expire(of user: String?, in db: Database) throws {
        let now = now()
        let before = now - limits.pendingKeyMilliseconds
        for (id, owner) in try PersonKeyLife.pending(since: before, of: user, limit: Self.keysPerRound, in: db) {
            try PersonKeyLife.erase(id, now: now, in: db)
            let change = KeyChange(actor: .service("market-data"), reason: "not activated in time")
            try outbox.append(AuditEvent(.ended, of: id, .exchangeRead, by: change, user: owner), in: db, essential: true)
        }
    }

    func expireAll() async throws {
        try await database.write { db in try expire(of: nil, in: db) }
    }
}
