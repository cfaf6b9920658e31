public import Logging
public import NIOCore
public import Secrets
public import Storage

/// What a service is given to build itself from.
public struct ServiceContext: Sendable {
    public let settings: ServiceSettings
    public let logger: Logger
    public let eventLoopGroup: any EventLoopGroup
    /// The service's own secrets, read at each request: one file a secret.
    public let secrets: any SecretStore

    init(settings: ServiceSettings, logger: Logger, eventLoopGroup: any EventLoopGroup) {
        self.settings = settings
        self.logger = logger
        self.eventLoopGroup = eventLoopGroup
        secrets = FileSecretStore(folder: settings.secretsFolder)
    }

    /// Opens the service's one database, `data/<service>.sqlite`. Once a process: the folder is locked.
    ///
    /// - Throws: `StorageError`.
    public func openDatabase(_ schema: DatabaseSchema) throws -> ServiceDatabase {
        try ServiceDatabase(folder: settings.dataFolder, name: settings.service, schema: schema, logger: logger)
    }
}
