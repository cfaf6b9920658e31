public import Logging
internal import MeshWire
package import NIOCore
internal import NIOPosix
internal import Synchronization

/// A server without sockets: the same frames, state machines, policy and deadlines as over TLS, in this process. For unit tests
/// of services.
public final class InProcessServer: Sendable {
    private let dispatcher: Dispatcher
    private let limits: ConnectionLimits
    /// Each is kept alive by its channel.
    private let connections = Mutex<[WeakConnection]>([])

    /// - Parameter authenticator: nil where no method takes a user token.
    public init(
        services: [ServiceDefinition], authenticator: (any TokenAuthenticator)?, interceptors: [any ServerInterceptor] = [],
        refusals: (any RefusalObserver)? = nil, logger: Logger, limits: ConnectionLimits = .default
    ) {
        dispatcher = Dispatcher(
            services: services, authenticator: authenticator, interceptors: interceptors, refusals: refusals, logger: logger)
        self.limits = limits
    }

    /// A connection on which calls come from `peer`.
    public func channel(as peer: PeerIdentity) -> any CallChannel {
        channel(as: peer, limits: limits)
    }

    /// A connection on which calls come from `peer`, whose client has limits of its own.
    public func channel(as peer: PeerIdentity, limits clientLimits: ConnectionLimits) -> any CallChannel {
        channel(as: peer, limits: clientLimits, on: MultiThreadedEventLoopGroup.singleton.next())
    }

    /// Both halves run on `loop`.
    package func channel(as peer: PeerIdentity, limits clientLimits: ConnectionLimits = .default, on loop: any EventLoop) -> any CallChannel {
        let (clientLink, serverLink) = InProcessLink.pair(on: loop)
        let server = ServerConnection(loop: loop, link: serverLink, peer: peer, mode: .mesh, dispatcher: dispatcher, limits: limits)
        let client = ClientConnection(loop: loop, link: clientLink, mode: .mesh, limits: clientLimits)
        connections.withLock { connections in
            connections.removeAll { $0.connection == nil }
            connections.append(WeakConnection(connection: server))
        }
        loop.execute {
            serverLink.receiver = server
            clientLink.receiver = client
            server.start { _ in }
            client.start { _ in }
        }
        return InProcessChannel(client, server: server, links: (clientLink, serverLink))
    }

    /// Lets calls in flight finish and closes all connections made so far.
    public func drain() {
        for connection in connections.withLock({ $0 }).compactMap(\.connection) {
            connection.loop.execute { connection.drain() }
        }
    }
}

private struct WeakConnection {
    weak var connection: ServerConnection?
}

/// A client's connection to an `InProcessServer`.
private final class InProcessChannel: CallChannel {
    private let connection: ClientConnection
    private let server: ServerConnection
    /// The halves know each other only weakly.
    private let links: (InProcessLink, InProcessLink)

    init(_ connection: ClientConnection, server: ServerConnection, links: (InProcessLink, InProcessLink)) {
        self.connection = connection
        self.server = server
        self.links = links
    }

    deinit {
        // Calls in flight, a stream still being read, go on; until then both halves stay.
        let connection = connection, server = server, links = links
        connection.loop.execute {
            connection.whenEnded { withExtendedLifetime((connection, server, links)) {} }
            connection.shutDown()
        }
    }

    func unary(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> UnaryReply {
        try await rethrowing { try await connection.unary(ClientCall(method, request, options)) }
    }

    func serverStreaming(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> ReplyStream {
        try await rethrowing { try await connection.serverStreaming(OutgoingCall(method, request, options)) }
    }

    func clientStreaming(_ method: MethodDescriptor, options: CallOptions) async throws -> ClientStreamingCall {
        try await rethrowing { try await connection.clientStreaming(OutgoingCall(method, ByteBuffer(), options)) }
    }

    func bidirectional(_ method: MethodDescriptor, options: CallOptions) async throws -> BidirectionalCall {
        try await rethrowing { try await connection.bidirectional(OutgoingCall(method, ByteBuffer(), options)) }
    }

    private func rethrowing<Output>(_ body: () async throws -> Output) async throws -> Output {
        do {
            return try await body()
        } catch let error as CallNotRun {
            throw error.error
        }
    }
}
