public import AuditClient
public import GRDB
public import KeyManagement
public import Logging
public import MeshCall
public import NIOCore
internal import SecretStores
public import Secrets
public import Storage

/// What a service is given to build itself from.
public struct ServiceContext: Sendable {
    public let settings: ServiceSettings
    public let logger: Logger
    public let eventLoopGroup: any EventLoopGroup
    /// The service's own secrets, in the store that its settings choose.
    public let secrets: any SecretStore
    /// Checks user tokens with the keys that auth publishes.
    public let authenticator: any TokenAuthenticator
    /// The mesh's TLS in this process: what it holds against revoked peers, and its certificate files.
    public let trust: MeshTrust
    let peers: PeerChannels
    /// The keys that auth publishes; nil where there is no auth to ask.
    let tokenKeys: PublishedKeys?
    /// What was fetched from the secret store.
    let access: SecretAccess
    let opened = OpenedDatabase()

    init(settings: ServiceSettings, trust: MeshTrust, access: SecretAccess, logger: Logger, eventLoopGroup: any EventLoopGroup) throws {
        self.settings = settings
        self.logger = logger
        self.eventLoopGroup = eventLoopGroup
        do {
            try PKCS11Settings.rememberRefusedPINs(in: settings.dataFolder)
        } catch {
            logger.warning("PINs that tokens refused before are not known", metadata: ["why": "\(error)"])
        }
        self.access = access
        secrets = try settings.secrets.open(
            folder: settings.secretsFolder, owner: settings.service, environment: settings.environment
        ) { AuditedSecretStore($0, access: access) }
        self.trust = trust
        peers = PeerChannels(settings: settings, trust: trust, eventLoopGroup: eventLoopGroup, logger: logger)
        tokenKeys = settings.peers["auth"] == nil ? nil : PublishedKeys(auth: try peers.channel(to: "auth"))
        authenticator = tokenKeys.map { PublishedKeyAuthenticator(environment: settings.environment, keys: $0) } ?? RefusingAuthenticator()
    }

    /// A channel to a peer named in the settings, whose certificate must carry that name. It connects when first used and again
    /// after a loss; calls fail with UNAVAILABLE meanwhile.
    ///
    /// - Throws: `StartUpError.settings` for a peer that the settings do not name.
    public func channel(to peer: String) throws -> any CallChannel {
        try peers.channel(to: peer)
    }

    /// Opens the service's one database, `data/<service>.sqlite`. Once a process: the folder is locked.
    ///
    /// - Throws: `StorageError`; `ForeignDatabase` for the file of another environment or service, `UnmarkedDatabase` for one that says nothing of it.
    public func openDatabase(_ schema: DatabaseSchema) throws -> ServiceDatabase {
        let database = try ServiceDatabase(
            folder: settings.dataFolder, name: settings.service, schema: schema,
            owner: DatabaseOwner(environment: settings.environment, service: settings.service), logger: logger)
        opened.remember(database, schema)
        return database
    }

    /// Where keys of the secret store are kept in use, with their life in `database`.
    ///
    /// - Parameter tell: keeps an event for the audit log; nil: in the service's outbox.
    public func keyringPlace(
        _ database: ServiceDatabase, tell: (@Sendable (AuditEvent, Database) throws -> Void)? = nil
    ) -> KeyringPlace {
        let outbox = AuditOutbox(source: settings.service)
        return KeyringPlace(
            store: secrets, database: database, service: settings.service, tell: tell ?? { try outbox.append($0, in: $1, essential: true) },
            longestSilence: settings.secrets.cachePolicy?.longestUse, logger: logger)
    }

    /// Keeps an event for the audit log in the service's own outbox; nil for a service without one.
    var recorder: (@Sendable (AuditEvent) async throws -> Void)? {
        guard let database = opened.withOutbox else { return nil }
        let outbox = AuditOutbox(source: settings.service)
        return { event in try await database.write { db in _ = try outbox.append(event, in: db, essential: true) } }
    }

    /// Carries the outbox of `database` to audit. The service runs it among its `background`.
    ///
    /// - Throws: `StartUpError.settings` when the settings name no audit.
    public func auditClient(for database: ServiceDatabase) throws -> AuditClient {
        AuditClient(database: database, source: settings.service, channel: try channel(to: "audit"), logger: logger)
    }
}
