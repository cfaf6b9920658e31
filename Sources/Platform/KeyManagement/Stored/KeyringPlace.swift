public import AuditClient
public import FoundationEssentials
public import GRDB
public import Logging
public import Secrets
public import Storage

/// What the keyrings of a service work with.
public struct KeyringPlace: Sendable {
    public let store: any SecretStore
    /// Its schema includes `KeyHistoryTable.migration`.
    public let database: ServiceDatabase
    /// Whose keys these are.
    public let service: String
    /// Keeps an event for the audit log, in the transaction of the change that it tells of.
    public let tell: @Sendable (AuditEvent, Database) throws -> Void
    /// How long the store may be silent before its keys are put away; nil: for ever.
    public let longestSilence: Duration?
    public let logger: Logger
    /// The wall clock.
    public let clock: @Sendable () -> Date

    public init(
        store: any SecretStore, database: ServiceDatabase, service: String, tell: @escaping @Sendable (AuditEvent, Database) throws -> Void,
        longestSilence: Duration? = nil, logger: Logger,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.database = database
        self.service = service
        self.tell = tell
        self.longestSilence = longestSilence
        self.logger = logger
        self.clock = clock
    }

    /// Where events go by the service's outbox, as they do everywhere but in audit itself.
    public init(
        store: any SecretStore, database: ServiceDatabase, outbox: AuditOutbox, longestSilence: Duration? = nil, logger: Logger,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.init(
            store: store, database: database, service: outbox.source, tell: { try outbox.append($0, in: $1, essential: true) },
            longestSilence: longestSilence, logger: logger, clock: clock)
    }
}
