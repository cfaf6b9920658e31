public import Logging
public import MeshCall
public import MeshTLS
public import NIOCore

/// Calls one mesh peer, at all of its addresses. Connects when a call needs it and again after a connection is lost; each call goes to the
/// less loaded of two connections.
///
/// A call that cannot be sent fails with UNAVAILABLE, and so does a call whose connection is lost; such a call is made again only
/// when it certainly never ran or when its method may run twice, and only as far as the budget for that goes.
public final class MeshClient: CallChannel {
    let pool: ConnectionPool
    private let calls: CallRunner

    /// - Parameters:
    ///   - host: a DNS name, of which all addresses are used, or an IP address.
    ///   - tls: from `MeshTLSContext.meshClient`, which says who the peer must be.
    public convenience init(
        host: String, port: Int, tls: MeshTLSContext, eventLoopGroup: any EventLoopGroup, logger: Logger,
        limits: ClientLimits = .default
    ) {
        self.init(
            endpoints: [MeshEndpoint(host: host, port: port)], tls: tls, eventLoopGroup: eventLoopGroup, logger: logger, limits: limits)
    }

    /// - Parameters:
    ///   - endpoints: where the peer listens: DNS names, of which all addresses are used, and IP addresses.
    ///   - tls: from `MeshTLSContext.meshClient`, which says who the peer must be.
    public convenience init(
        endpoints: [MeshEndpoint], tls: MeshTLSContext, eventLoopGroup: any EventLoopGroup, logger: Logger,
        limits: ClientLimits = .default
    ) {
        self.init(resolver: DNSResolver(endpoints), tls: tls, eventLoopGroup: eventLoopGroup, logger: logger, limits: limits)
    }

    /// - Parameters:
    ///   - resolver: finds the peer's addresses.
    ///   - tls: from `MeshTLSContext.meshClient`, which says who the peer must be.
    public init(
        resolver: any MeshResolver, tls: MeshTLSContext, eventLoopGroup: any EventLoopGroup, logger: Logger, limits: ClientLimits = .default
    ) {
        let connector = ClientConnector(tls: tls, group: eventLoopGroup, limits: limits, logger: logger)
        pool = ConnectionPool(resolver, connector: connector, limits: limits, logger: logger)
        calls = CallRunner(pool, limits)
    }

    deinit {
        pool.abandon()
    }

    public func unary(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> UnaryReply {
        try await calls.unary(method, request, options)
    }

    public func place(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) throws(RPCError) -> PlacedCall? {
        try calls.place(method, request, options)
    }

    public func serverStreaming(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> ReplyStream {
        try await calls.serverStreaming(try OutgoingCall(method, request, options), options)
    }

    public func clientStreaming(_ method: MethodDescriptor, options: CallOptions) async throws -> ClientStreamingCall {
        try await calls.clientStreaming(try OutgoingCall(method, ByteBuffer(), options), options)
    }

    public func bidirectional(_ method: MethodDescriptor, options: CallOptions) async throws -> BidirectionalCall {
        try await calls.bidirectional(try OutgoingCall(method, ByteBuffer(), options), options)
    }

    /// Takes no more calls, waits a little for those in flight, closes.
    public func close() async {
        await pool.close()
    }
}
