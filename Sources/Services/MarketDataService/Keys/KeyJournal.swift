import AuditClient
import Exchange
import GRDB
import Logging
import Storage

/// Tells the audit log what happens to the exchange key.
struct KeyJournal: Sendable {
    let database: ServiceDatabase
    let outbox: AuditOutbox
    let logger: Logger

    private static let service = "market-data"
    private static let object = "exchange-read-key"

    func created() async {
        await write(AuditEvent(actor: .service(Self.service), action: "exchange_key.created", object: Self.object))
    }

    /// - Parameter unchecked: what the exchange would not say of the key.
    func accepted(unchecked: [String]) async {
        await write(
            AuditEvent(
                actor: .service(Self.service), action: "exchange_key.used", object: Self.object,
                details: unchecked.isEmpty ? [:] : ["not_checked": unchecked.joined(separator: "; ")]))
    }

    func refused(_ error: ExchangeError) async {
        await write(
            AuditEvent(
                actor: .service(Self.service), action: "exchange_key.refused", object: Self.object, outcome: .refused,
                reason: error.message, details: error.code.map { ["exchange_code": "\($0)"] } ?? [:]))
    }

    /// Changes the key and tells of it, both or neither.
    func writing<T: Sendable>(_ body: @Sendable (Database) throws -> (T, [AuditEvent])) async throws -> T {
        try await database.write { db in
            let (value, events) = try body(db)
            for event in events { try outbox.append(event, in: db, essential: true) }
            return value
        }
    }

    /// Reading market data goes on without the log; what cannot be written is said here.
    private func write(_ event: AuditEvent) async {
        do {
            _ = try await database.write { try outbox.append(event, in: $0, essential: true) }
        } catch {
            logger.error("audit event lost", metadata: ["action": "\(event.action)", "error": "\(error)"])
        }
    }
}
