internal import CoreMetrics
internal import Logging
internal import MeshCall
internal import MeshRuntime
internal import MeshTelemetry
internal import MeshTLS
internal import NIOCore
internal import ServiceLifecycle

/// The mesh port as a service of the process: drains when the process is told to stop.
struct MeshListener: Service {
    let settings: ServiceSettings
    let server: MeshServer
    let report: HealthReport
    let logger: Logger
    private let connections = MetricsSystem.factory.makeMeter(label: "mesh_server_connections", dimensions: [])

    init(
        settings: ServiceSettings, trust: MeshTrust, definitions: [ServiceDefinition], authenticator: any TokenAuthenticator,
        refusals: (any RefusalObserver)?, report: HealthReport, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws {
        self.settings = settings
        self.logger = logger
        self.report = report
        let tls = try MeshTLSContext.meshServer(settings.meshCredentials, trustDomain: settings.trustDomain)
        trust.watch(tls)
        server = MeshServer(
            services: definitions, authenticator: authenticator, interceptors: Self.interceptors(logger: logger),
            refusals: RefusalMetrics(then: refusals), tls: tls, eventLoopGroup: eventLoopGroup, logger: logger, limits: Self.limits)
    }

    /// What stands around every handler, the outermost first.
    static func interceptors(logger: Logger) -> [any ServerInterceptor] {
        [ServerTelemetry(logger: logger), ErrorRedaction()]
    }

    /// A service here serves persons, not floods, and some of its methods wait for an exchange: it sheds calls later than the mesh would.
    static var limits: ServerLimits {
        var limits = ServerLimits()
        limits.admission?.minimumConcurrency = 64
        // A service's container has 512 MiB for everything.
        limits.maximumRequestBytes = 96 << 20
        limits.connection.maximumRequestBytes = 16 << 20
        limits.admission?.delayTarget = .milliseconds(100)
        limits.admission?.delayInterval = .milliseconds(1000)
        return limits
    }

    /// Brings the gauge of open connections up to date, before it is read.
    func count() {
        connections.set(Int64(server.connectionCount))
    }

    func run() async throws {
        let port = try await server.start(host: settings.listen.host, port: settings.listen.port)
        logger.info("serving the mesh", metadata: ["port": "\(port)", "identity": "\(settings.spiffeID)"])
        report.startServing()
        try? await gracefulShutdown()
        await server.shutdown(grace: ServiceRunner.callDrainTime)
    }
}
