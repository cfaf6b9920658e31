internal import AuditClient
internal import Storage
internal import Synchronization

/// The database that a service opened while it was built, if it has one with an outbox.
final class OpenedDatabase: Sendable {
    private let database = Mutex<ServiceDatabase?>(nil)

    var withOutbox: ServiceDatabase? { database.withLock { $0 } }

    func remember(_ opened: ServiceDatabase, _ schema: DatabaseSchema) {
        guard schema.migrations.contains(where: { $0.name == AuditOutbox.migration.name }) else { return }
        database.withLock { $0 = opened }
    }
}
