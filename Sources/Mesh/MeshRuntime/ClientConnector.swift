internal import Logging
internal import MeshTLS
internal import NIOCore
internal import NIOPosix

/// Makes connections of one client: TCP, TLS, SETTINGS.
final class ClientConnector: Sendable {
    private let tls: MeshTLSContext
    private let group: any EventLoopGroup
    private let limits: ClientLimits
    private let refresh: CertificateRefresh

    init(tls: MeshTLSContext, group: any EventLoopGroup, limits: ClientLimits, logger: Logger) {
        self.tls = tls
        self.group = group
        self.limits = limits
        refresh = CertificateRefresh(tls, every: limits.certificateRefresh, logger: logger)
    }

    /// For timers.
    func anyLoop() -> any EventLoop { group.any() }

    /// Certificate files are looked at again if it is time, so that a connection made soon has what is in them now.
    func refreshCertificates() {
        refresh.connectionBegins()
    }

    /// - Parameter report: told what becomes of the connection until it is over, on its event loop or before there is one.
    func connect(to endpoint: MeshEndpoint, report: @escaping @Sendable (ClientChannelHandler.Outcome) -> Void) {
        let tls = tls, limits = limits
        refresh.connectionBegins()
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(limits.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                UnsentBytes.bound(on: channel)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        MeshTLSHandler(tls), ClientChannelHandler(limits: limits.connection, report: report),
                    ])
                }
            }
        connected(bootstrap, endpoint).whenFailure { error in report(.failed(error)) }
    }

    /// A text that is no IP address goes through the system's resolver.
    private func connected(_ bootstrap: ClientBootstrap, _ endpoint: MeshEndpoint) -> EventLoopFuture<any Channel> {
        guard let address = try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) else {
            return bootstrap.connect(host: endpoint.host, port: endpoint.port)
        }
        return bootstrap.connect(to: address)
    }
}
