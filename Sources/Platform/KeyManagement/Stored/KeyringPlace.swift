public import AuditClient
public import FoundationEssentials
public import Logging
public import Secrets
public import Storage

/// What the keyrings of a service work with.
public struct KeyringPlace: Sendable {
    public let store: any SecretStore
    /// Its schema includes `KeyHistoryTable.migration`.
    public let database: ServiceDatabase
    public let outbox: AuditOutbox
    /// How long the store may be silent before its keys are put away; nil: for ever.
    public let longestSilence: Duration?
    public let logger: Logger
    /// The wall clock.
    public let clock: @Sendable () -> Date

    public init(
        store: any SecretStore, database: ServiceDatabase, outbox: AuditOutbox, longestSilence: Duration? = nil, logger: Logger,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.database = database
        self.outbox = outbox
        self.longestSilence = longestSilence
        self.logger = logger
        self.clock = clock
    }
}
