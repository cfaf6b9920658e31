internal import AuditClient
internal import HTTPSKit
internal import Hummingbird
internal import MeshTLS
public import ServiceKit
internal import Storage

/// How the `gateway` process is put together: the one public surface.
public enum GatewayProgram {
    /// - Throws: when settings, database, certificate or key cannot be used.
    public static func build(_ context: ServiceContext) async throws -> RunningService {
        let options = try context.settings.options(as: GatewayOptions.self)
        let database = try context.openDatabase(schema)
        let audit = try context.auditClient(for: database)
        let refusals = RefusalLog()
        let api = GatewayAPI(
            peers: Peers(
                auth: try context.channel(to: "auth"), agent: try context.channel(to: "agent"),
                marketData: try context.channel(to: "market-data"), execution: try context.channel(to: "execution"),
                audit: try context.channel(to: "audit")),
            authenticator: context.authenticator, limiter: RateLimiter(overrides: options.rateLimits), refusals: refusals,
            allowedOrigins: Set(options.allowedOrigins), trace: RequestTrace())
        let recorder = BackgroundTask("refusals") { await refusals.run(audit.outbox, database, context.logger) }
        let tls = try MeshTLSContext.httpsServer(
            certificateChainPath: context.settings.httpsCertificatePath, privateKeyPath: context.settings.httpsPrivateKeyPath)
        return RunningService(
            background: [audit, recorder, CertificateReload(tls, logger: context.logger), server(api, tls, context)],
            readiness: { database.failure.map { _ in "the database has failed" } })
    }

    /// Only the outbox: gateway keeps nothing of its own.
    static let schema = DatabaseSchema(migrations: [AuditOutbox.migration])

    private static func server(_ api: GatewayAPI, _ tls: MeshTLSContext, _ context: ServiceContext) -> HTTPSServer {
        let settings = context.settings
        return HTTPSServer(
            responder: api.router().buildResponder(), host: settings.listen.host, port: settings.listen.port,
            tls: tls,
            eventLoopGroup: context.eventLoopGroup, logger: context.logger)
    }
}
