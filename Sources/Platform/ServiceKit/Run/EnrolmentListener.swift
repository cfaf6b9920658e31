internal import Logging
public import MeshCall
internal import MeshRuntime
internal import MeshTelemetry
internal import MeshTLS
internal import NIOCore
public import ServiceLifecycle
internal import Tracing

/// The port for programs that have no certificate: TLS by which only this process shows who it is, few connections, short ones.
public struct EnrolmentListener: Service {
    /// What policies call whoever comes here. No certificate bears this name.
    public static let callerName = "anonymous"
    static let drainTime = Duration.seconds(1)

    private let endpoint: Endpoint
    private let server: MeshServer
    private let logger: Logger

    /// - Parameter definitions: what is served there and nowhere else.
    /// - Throws: `StartUpError.settings` when the settings name no such port; `MeshTLSError`.
    public init(_ context: ServiceContext, definitions: [ServiceDefinition]) throws {
        guard let endpoint = context.settings.identity.enrolment else { throw StartUpError.settings("identity.enrolment is missing") }
        self.endpoint = endpoint
        logger = context.logger
        let tls = try MeshTLSContext.anonymousServer(context.settings.meshCredentials)
        context.trust.watch(tls)
        server = MeshServer(
            services: definitions, authenticator: nil,
            // No spans: whoever comes here is a stranger, and would decide by a flag what is written to the log.
            interceptors: [ServerTelemetry(tracer: NoOpTracer(), logger: context.logger)],
            anonymous: PeerIdentity(spiffeID: "", name: Self.callerName), tls: tls, eventLoopGroup: context.eventLoopGroup,
            logger: context.logger, limits: Self.limits)
    }

    static var limits: ServerLimits {
        var limits = ServerLimits()
        limits.maximumConnections = 128
        limits.maximumConnectionsPerPeer = 128
        limits.maximumHandshakes = 64
        limits.maximumConnectionAge = .seconds(60)
        limits.ageGrace = .seconds(10)
        // Certificate requests are short, and anybody may hold this much of unfinished ones.
        limits.connection.maximumMessageBytes = 64 << 10
        limits.connection.maximumRequestBytes = 1 << 20
        limits.maximumRequestBytes = 8 << 20
        return limits
    }

    public func run() async throws {
        let port = try await server.start(host: endpoint.host, port: endpoint.port)
        logger.info("serving enrolment", metadata: ["port": "\(port)"])
        try? await gracefulShutdown()
        await server.shutdown(grace: Self.drainTime)
    }
}
