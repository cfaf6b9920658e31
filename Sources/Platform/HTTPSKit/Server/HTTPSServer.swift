public import Hummingbird
internal import HummingbirdCore
public import Logging
public import MeshTLS
public import NIOCore
public import ServiceLifecycle

/// Serves HTTP/1.1 over TLS 1.3 by libssl: Hummingbird behind `MeshTLSHandler`.
///
/// Runs until its service group shuts down gracefully; answers in progress are finished first.
public struct HTTPSServer: Service {
    /// The server ended before it was bound.
    public struct NotRunning: Error {}

    private let application: any Service
    private let bound = BoundPort()

    /// - Parameters:
    ///   - responder: what a router's `buildResponder()` gives.
    ///   - port: 0 for a free one; see `port()`.
    ///   - tls: from `MeshTLSContext.httpsServer`.
    public init<Responder: HTTPResponder>(
        responder: Responder, host: String, port: Int, tls: MeshTLSContext, limits: HTTPSLimits = .default,
        eventLoopGroup: any EventLoopGroup, logger: Logger
    ) where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        let connections = MaximumAvailableConnections(limits.maxConnections, logger: logger)
        application = Application(
            responder: responder, server: Self.channels(tls, limits),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port), availableConnectionsDelegate: connections),
            onServerRunning: { [bound] channel in
                bound.resolve(channel.localAddress?.port.map { .success($0) } ?? .failure(NotRunning()))
            },
            eventLoopGroupProvider: .shared(eventLoopGroup), logger: logger)
    }

    private static func channels(_ tls: MeshTLSContext, _ limits: HTTPSLimits) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            let configuration = HTTP1Channel.Configuration(
                additionalChannelHandlers: [RequestDeadline(limits)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.maxHeaderBytes, maxHeaderListSize: limits.maxHeaderBytes,
                    maxHeaderFieldCount: limits.maxHeaderFields))
            return MeshTLSChannel(base: HTTP1Channel(responder: responder, configuration: configuration), context: tls)
        }
    }

    public func run() async throws {
        do {
            try await application.run()
            bound.resolve(.failure(NotRunning()))
        } catch {
            bound.resolve(.failure(error))
            throw error
        }
    }

    /// The port it listens on, as soon as it does.
    ///
    /// - Throws: why it could not listen.
    public func port() async throws -> Int { try await bound.get() }
}
