public import Logging
public import MeshCall
public import MeshTLS
public import NIOCore
internal import NIOPosix
internal import Synchronization

/// Serves methods to mesh peers: TLS 1.3 with certificates on both sides, policy before every handler.
public final class MeshServer: Sendable {
    let dispatcher: Dispatcher
    let logger: Logger
    let limits: ServerLimits
    private let tls: MeshTLSContext
    private let refresh: CertificateRefresh
    private let group: any EventLoopGroup
    private let state = Mutex(State())

    private struct State {
        var listener: (any Channel)?
        var isStopping = false
        /// Every accepted channel; its connection once the handshake is complete.
        var channels: [ObjectIdentifier: (channel: any Channel, connection: ServerConnection?)] = [:]
        /// The name of each connection's peer, and how many connections each name has.
        var peers: [ObjectIdentifier: String] = [:]
        var connectionsOfPeer: [String: Int] = [:]
        /// Resumed when the last channel is gone.
        var emptied: [CheckedContinuation<Void, Never>] = []

        mutating func remove(_ id: ObjectIdentifier) {
            channels[id] = nil
            guard let peer = peers.removeValue(forKey: id), let count = connectionsOfPeer[peer] else { return }
            connectionsOfPeer[peer] = count > 1 ? count - 1 : nil
        }
    }

    /// - Parameters:
    ///   - services: what it serves.
    ///   - authenticator: verifies user tokens; nil where no method takes one.
    ///   - interceptors: run around every handler, the first outermost.
    ///   - refusals: told of every call that the policy keeps from its handler.
    public init(
        services: [ServiceDefinition], authenticator: (any TokenAuthenticator)?, interceptors: [any ServerInterceptor] = [],
        refusals: (any RefusalObserver)? = nil, tls: MeshTLSContext, eventLoopGroup: any EventLoopGroup, logger: Logger,
        limits: ServerLimits = .default
    ) {
        dispatcher = Dispatcher(
            services: services, authenticator: authenticator, interceptors: interceptors, refusals: refusals, logger: logger)
        self.tls = tls
        group = eventLoopGroup
        self.logger = logger
        self.limits = limits
        refresh = CertificateRefresh(tls, every: limits.certificateRefresh, logger: logger)
    }

    /// Listens.
    ///
    /// - Parameter port: 0 takes a free one.
    /// - Returns: the port.
    /// - Throws: an I/O error when the address cannot be had.
    public func start(host: String, port: Int) async throws -> Int {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: limits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in self.accept(channel) }
        let listener = try await bootstrap.bind(host: host, port: port).get()
        state.withLock { $0.listener = listener }
        return listener.localAddress?.port ?? port
    }

    private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        let admitted = state.withLock { state -> Bool in
            guard !state.isStopping, state.channels.count < limits.maximumConnections else { return false }
            state.channels[ObjectIdentifier(channel)] = (channel, nil)
            return true
        }
        guard admitted else {
            logger.warning("connection closed", metadata: ["why": "too many connections, or stopping"])
            return channel.close()
        }
        refresh.connectionBegins()
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([MeshTLSHandler(tls), ServerChannelHandler(self)])
        }
    }

    enum Admission { case admitted, stopping, tooMany }

    func register(_ connection: ServerConnection, of peer: String, for channel: any Channel) -> Admission {
        state.withLock { state in
            let id = ObjectIdentifier(channel)
            state.channels[id]?.connection = connection
            state.peers[id] = peer
            state.connectionsOfPeer[peer, default: 0] += 1
            if state.connectionsOfPeer[peer, default: 0] > limits.maximumConnectionsPerPeer { return .tooMany }
            return state.isStopping ? .stopping : .admitted
        }
    }

    func unregister(_ channel: any Channel) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.remove(ObjectIdentifier(channel))
            guard state.channels.isEmpty else { return [] }
            defer { state.emptied = [] }
            return state.emptied
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Connections open now.
    public var connectionCount: Int { state.withLock { $0.channels.count } }

    /// Stops accepting, lets calls in flight finish, then closes. After `grace` calls that still run are cancelled.
    public func shutdown(grace: Duration) async {
        let (listener, channels) = state.withLock { state in
            state.isStopping = true
            defer { state.listener = nil }
            return (state.listener, Array(state.channels.values))
        }
        try? await listener?.close().get()
        for (channel, connection) in channels {
            guard let connection else {
                channel.close(promise: nil)
                continue
            }
            channel.eventLoop.execute { connection.drain() }
        }
        await waitUntilEmpty(atMost: grace)
        for (channel, connection) in state.withLock({ Array($0.channels.values) }) {
            channel.eventLoop.execute { connection?.close("the server stops") }
            channel.close(promise: nil)
        }
        // Closing takes at most the TLS handler's close timeout.
        await waitUntilEmpty(atMost: .nanoseconds(tls.limits.closeTimeout.nanoseconds * 2))
    }

    private func waitUntilEmpty(atMost limit: Duration) async {
        await withCheckedContinuation { waiter in
            let isEmpty = state.withLock { state in
                if !state.channels.isEmpty { state.emptied.append(waiter) }
                return state.channels.isEmpty
            }
            if isEmpty { return waiter.resume() }
            // Only now: a timer that fires before there is a waiter wakes nobody.
            group.any().scheduleTask(in: TimeAmount(limit)) { self.resumeEmptied() }
        }
    }

    private func resumeEmptied() {
        let waiters = state.withLock { state in
            defer { state.emptied = [] }
            return state.emptied
        }
        for waiter in waiters { waiter.resume() }
    }
}
