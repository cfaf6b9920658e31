public import Logging
public import MeshCall
public import MeshTLS
public import NIOCore
internal import NIOPosix
internal import Synchronization

/// Serves methods to mesh peers: TLS 1.3 with certificates on both sides, policy before every handler.
///
/// The first one of a process raises its limit of open files as far as it may be raised (RLIMIT_NOFILE), as child processes inherit it.
public final class MeshServer: Sendable {
    let dispatcher: Dispatcher
    let logger: Logger
    let limits: ServerLimits
    let admission: AdmissionController?
    private let requests: RequestBudget
    let anonymous: PeerIdentity?
    private let tls: MeshTLSContext
    private let refresh: CertificateRefresh
    private let group: any EventLoopGroup
    private let state: Mutex<State>

    private let strangers = LogThrottle(linesPerSecond: ServerLimits.strangerLinesPerSecond)

    private struct State {
        var listener: (any Channel)?
        var connections = OpenConnections()
        var probation: Probation
        /// Resumed when the last connection is gone.
        var emptied: [CheckedContinuation<Void, Never>] = []
    }

    /// - Parameters:
    ///   - services: what it serves.
    ///   - authenticator: verifies user tokens; nil where no method takes one.
    ///   - interceptors: run around every handler, the first outermost.
    ///   - refusals: told of every call that the policy keeps from its handler.
    ///   - anonymous: who a peer is that shows no certificate, because `tls` asks for none; nil closes its connection.
    public init(
        services: [ServiceDefinition], authenticator: (any TokenAuthenticator)?, interceptors: [any ServerInterceptor] = [],
        refusals: (any RefusalObserver)? = nil, anonymous: PeerIdentity? = nil, tls: MeshTLSContext, eventLoopGroup: any EventLoopGroup, logger: Logger,
        limits: ServerLimits = .default
    ) {
        admission = limits.admission.map(AdmissionController.init)
        requests = RequestBudget(limits.maximumRequestBytes)
        dispatcher = Dispatcher(
            services: services, authenticator: authenticator, interceptors: interceptors, refusals: refusals, admission: admission,
            requests: requests, logger: logger)
        self.anonymous = anonymous
        self.tls = tls
        group = eventLoopGroup
        self.logger = logger
        self.limits = limits.fitting(descriptors: DescriptorLimit.raised)
        state = Mutex(State(probation: Probation(longest: TimeAmount(limits.longestProbation))))
        refresh = CertificateRefresh(tls, every: limits.certificateRefresh, logger: logger)
    }

    /// Listens.
    ///
    /// - Parameter port: 0 takes a free one.
    /// - Returns: the port.
    /// - Throws: an I/O error when the address cannot be had.
    public func start(host: String, port: Int) async throws -> Int {
        // Threads inherit niceness: those that read files are not to be made by the one that makes handshakes.
        _ = NIOThreadPool.singleton
        let bootstrap = ServerBootstrap(group: HandshakeLoop.group)
            .serverChannelOption(.backlog, value: limits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in self.accept(channel) }
        let listener = try await bootstrap.bind(host: host, port: port).get()
        state.withLock { $0.listener = listener }
        refresh.watch(on: group.any())
        return listener.localAddress?.port ?? port
    }

    private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        let (arrival, somebodyWaits) = state.withLock { ($0.connections.arrived(channel, limits), $0.probation.count > 0) }
        switch arrival {
        case .admitted: break
        case .admittedInsteadOf(let oldest): oldest.pipeline.fireUserInboundEventTriggered(HandshakeGivenUp())
        case .refused:
            logStranger("connection closed", "too many connections, or stopping", channel.remoteAddress)
            return channel.close()
        }
        refresh.connectionBegins()
        if ParkedSockets.shared.count > 0 { Self.withSocket(of: channel.pipeline) { ParkedSockets.shared.makeRoom(for: $0) } }
        // Where a connection comes from is looked at only when it may matter: strangers can bring very many.
        let wait = somebodyWaits ? wait(for: channel.remoteAddress) : .zero
        return channel.eventLoop.makeCompletedFuture {
            guard wait > .zero else {
                return try channel.pipeline.syncOperations.addHandlers([MeshTLSHandler(tls, handsOver: true), HandshakeChannelHandler(self)])
            }
            try channel.pipeline.syncOperations.addHandler(HandshakeChannelHandler(self))
            try begin(channel, after: wait)
        }
    }

    /// On the channel's loop.
    static func withSocket(of pipeline: ChannelPipeline, _ body: (NIOBSDSocket.Handle) -> Void) {
        _ = try? pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { body($0) }
    }

    private func wait(for remote: SocketAddress?) -> TimeAmount {
        guard let address = PeerAddress(remote) else { return .zero }
        return state.withLock { $0.probation.wait(for: address, at: .now()) }
    }

    /// Until then nothing that comes is looked at. The connection may be given up or close meanwhile.
    private func begin(_ channel: any Channel, after wait: TimeAmount) throws {
        try channel.syncOptions?.setOption(.autoRead, value: false)
        channel.eventLoop.assumeIsolated().scheduleTask(in: wait) {
            guard channel.isActive else { return }
            try channel.pipeline.syncOperations.addHandler(MeshTLSHandler(self.tls, handsOver: true), position: .first)
            try channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }

    /// A peer there was cut off: whoever comes from there next waits.
    func offended(_ remote: SocketAddress?) {
        guard let address = PeerAddress(remote) else { return }
        state.withLock { $0.probation.offended(address, at: .now()) }
    }

    /// The handshake on `channel` is complete: the connection goes on on one of the loops that serve calls.
    func serve(_ handedOver: TLSHandedOver, from channel: any Channel) {
        ClientBootstrap(group: group.next())
            // One read a turn: no connection holds the loop for longer, and none keeps more than one buffer.
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { serving in
                guard self.state.withLock({ $0.connections.moved(channel, to: serving) }) else { return serving.close() }
                // Also where it never becomes active.
                serving.closeFuture.whenComplete { _ in self.unregister(serving) }
                UnsentBytes.bound(on: serving)
                return serving.eventLoop.makeCompletedFuture {
                    try serving.pipeline.syncOperations.addHandlers([MeshTLSHandler(handedOver.established), ServerChannelHandler(self)])
                }
            }
            .withConnectedSocket(handedOver.socket)
            .whenFailure { _ in self.unregister(channel) }
    }

    /// A line about a peer that has not proved who it is.
    func logStranger(_ message: Logger.Message, _ why: String, _ remote: SocketAddress?) {
        guard let leftOut = strangers.admit() else { return }
        var metadata: Logger.Metadata = ["why": "\(why)", "remote": "\(remote?.description ?? "-")"]
        if leftOut > 0 { metadata["lines_left_out"] = "\(leftOut)" }
        logger.warning(message, metadata: metadata)
    }

    func register(_ connection: ServerConnection, of peer: String, for channel: any Channel) -> OpenConnections.Registration {
        state.withLock { $0.connections.register(connection, of: peer, for: channel, limits) }
    }

    func unregister(_ channel: any Channel) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.connections.remove(channel)
            guard state.connections.isEmpty else { return [] }
            defer { state.emptied = [] }
            return state.emptied
        }
        guard !waiters.isEmpty else { return }
        // Not here: a thread that is made for them inherits the niceness of this one, which may be the one that makes handshakes.
        group.any().execute { for waiter in waiters { waiter.resume() } }
    }

    /// Connections open now, handshakes included.
    public var connectionCount: Int { state.withLock { $0.connections.count } }
    /// What admission control does; nil without it.
    public var admissionStatistics: AdmissionStatistics? { admission?.statistics }
    /// What there is now of `ServerLimits.maximumRequestBytes`.
    public var heldRequestBytes: Int { requests.heldBytes }
    /// Connections that this process's servers have given up and keep open for a while: each takes a descriptor.
    public static var parkedCount: Int { ParkedSockets.shared.count }
    /// Handshakes under way now.
    public var handshakeCount: Int { state.withLock { $0.connections.handshakeCount } }

    /// Stops accepting, lets calls in flight finish, then closes. After `grace` calls that still run are cancelled.
    public func shutdown(grace: Duration) async {
        let (listener, open) = state.withLock { state in
            state.connections.stop()
            defer { state.listener = nil }
            return (state.listener, state.connections.all)
        }
        try? await listener?.close().get()
        for entry in open {
            if let connection = entry.connection { entry.channel.eventLoop.execute { connection.drain() } }
        }
        endHandshakes(after: min(grace, limits.lastHandshakes))
        await waitUntilEmpty(atMost: grace)
        for entry in state.withLock({ $0.connections.all }) {
            entry.channel.eventLoop.execute { entry.connection?.close("the server stops") }
            entry.channel.close(promise: nil)
        }
        // Closing takes at most the TLS handler's close timeout.
        await waitUntilEmpty(atMost: .nanoseconds(tls.limits.closeTimeout.nanoseconds * 2))
    }

    /// Who is let in until then learns by GOAWAY that nothing ran here.
    private func endHandshakes(after delay: Duration) {
        group.any().scheduleTask(in: TimeAmount(delay)) {
            for entry in self.state.withLock({ $0.connections.all }) where entry.connection == nil { entry.channel.close(promise: nil) }
        }
    }

    private func waitUntilEmpty(atMost limit: Duration) async {
        await withCheckedContinuation { waiter in
            let isEmpty = state.withLock { state in
                if !state.connections.isEmpty { state.emptied.append(waiter) }
                return state.connections.isEmpty
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
