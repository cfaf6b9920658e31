internal import Cryptography
internal import MeshCall
internal import Secrets
internal import ServiceAPI
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
        let log = try await AuditLog(
            database: try context.openDatabase(AuditSchema.schema), signer: signer, logger: context.logger)
        return RunningService(
            definitions: [.audit(AuditHandlers(log))], keys: [LogKey(verifier: signer.verifier, store: context.secrets)],
            record: { try await log.append(own: $0) },
            background: [BackgroundTask("checkpoints") { try await log.keepSigning() }],
            readiness: { readiness(of: log) })
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
