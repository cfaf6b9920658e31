internal import Cryptography
internal import FoundationEssentials
internal import KeyManagement
internal import MeshCall
internal import Secrets
internal import ServiceAPI
internal import Storage
public import ServiceKit

/// `audit`: the log that nobody can quietly change.
public enum AuditServiceProgram {
    /// Name of the secret with the log's Ed25519 seed.
    static let signingKey = "log-signing-key"

    /// - Throws: when the stored log is not what was signed: it then refuses to serve, and names the first bad entry.
    public static func build(_ context: ServiceContext) async throws -> RunningService {
        let key = try await context.secrets.secret(named: signingKey).ed25519SigningKey()
        guard let signer = NoteSigner(name: origin(in: context.settings.environment), key: key) else {
            throw StartUpError.settings("the environment's name cannot stand in a log's origin")
        }
        let options = try context.settings.options(as: AuditOptions.self)
        let database = try context.openDatabase(AuditSchema.schema)
        let log = try await AuditLog(database: database, signer: signer, logger: context.logger)
        var service = RunningService(
            definitions: [.audit(AuditHandlers(log))], keys: [LogKey(verifier: signer.verifier, store: context.secrets)],
            record: { try await log.append(own: $0) },
            background: [BackgroundTask("checkpoints") { try await log.keepSigning() }],
            readiness: { readiness(of: log) })
        if let alerts = options.alerts { try await send(alerts, of: log, in: database, by: &service, context) }
        return service
    }

    private static func send(
        _ alerts: AlertOptions, of log: AuditLog, in database: ServiceDatabase, by service: inout RunningService, _ context: ServiceContext
    ) async throws {
        if let fault = alerts.fault { throw StartUpError.settings(fault) }
        let settings = context.settings
        let signature = AlertSignature()
        let place = context.keyringPlace(database) { try log.append(own: $0, in: $1) }
        let keyring = StoredKeyring(AlertSignature.plan(settings.keys[.webhook]), in: place) { signature.take($0) }
        try await keyring.start()
        let feed = AlertFeed(
            environment: settings.environment, origin: origin(in: settings.environment), database: database,
            sender: AlertSender(url: alerts.webhook, rootsPath: alerts.rootsPath), signature: signature, logger: context.logger, clock: { Date() })
        service.keys.append(keyring)
        service.background.append(BackgroundTask("alerts") { try await feed.run() })
    }

    /// The log's name (C2SP tlog-checkpoint: a URL without scheme), also its key's.
    static func origin(in environment: String) -> String {
        "audit.\(environment).cryptopulse.internal/log1"
    }

    private static func readiness(of log: AuditLog) -> String? {
        if log.damage != nil { return "the log is damaged" }
        return log.failure == nil ? nil : "the database failed"
    }
}
