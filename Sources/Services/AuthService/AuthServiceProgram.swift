internal import AuditClient
internal import MeshCall
public import ServiceKit
internal import Storage

/// The `auth` process.
public enum AuthServiceProgram {
    public static func build(_ context: ServiceContext) async throws -> RunningService {
        let database = try context.openDatabase(.auth)
        let audit = try context.auditClient(for: database)
        let auth = try await AuthComponents.make(
            environment: context.settings.environment, database: database, outbox: audit.outbox, secrets: context.secrets)
        return RunningService(
            definitions: [auth.definition], authenticator: auth.authenticator, background: [audit],
            readiness: { database.failure == nil ? nil : "the database takes no writes" })
    }
}
