internal import Logging
internal import MeshCall
internal import MeshRuntime
internal import MeshTLS
internal import NIOCore
internal import ServiceLifecycle

/// The mesh port as a service of the process: drains when the process is told to stop.
struct MeshListener: Service {
    let settings: ServiceSettings
    let server: MeshServer
    let report: HealthReport
    let logger: Logger

    init(
        settings: ServiceSettings, definitions: [ServiceDefinition], authenticator: any TokenAuthenticator,
        refusals: (any RefusalObserver)?, report: HealthReport, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws {
        self.settings = settings
        self.logger = logger
        self.report = report
        let tls = try MeshTLSContext.meshServer(settings.meshCredentials, trustDomain: settings.trustDomain)
        server = MeshServer(
            services: definitions, authenticator: authenticator, refusals: refusals, tls: tls, eventLoopGroup: eventLoopGroup, logger: logger)
    }

    func run() async throws {
        let port = try await server.start(host: settings.listen.host, port: settings.listen.port)
        logger.info("serving the mesh", metadata: ["port": "\(port)", "identity": "\(settings.spiffeID)"])
        report.startServing()
        try? await gracefulShutdown()
        await server.shutdown(grace: ServiceRunner.callDrainTime)
    }
}
