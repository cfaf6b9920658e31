import MeshCall
import MeshMessages
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix

/// What a peer answers to somebody who only knocks: who it is by its certificate, and how fast it answers.
package struct MeshProbe {
    package let peer: MeshPeer

    package init(_ peer: MeshPeer) {
        self.peer = peer
    }

    static let connectTimeout = TimeAmount.seconds(5)
    static let callTimeout = Duration.seconds(5)

    /// A TLS handshake on a connection of its own.
    package struct Handshake: Sendable {
        package let identity: String
        package let protocolName: String
        /// Seconds since 1970.
        package let certificateEnds: Int64?
        package let time: Duration
    }

    /// A handshake, and `count` health checks.
    ///
    /// - Parameters:
    ///   - name: what the peer is called in the report.
    ///   - service: what is asked about; empty is the process.
    /// - Throws: `MeshTLSError`, `RPCError` or an I/O error.
    package func report(as name: String, _ count: Int, of service: String) async throws -> PingReport {
        let handshake = try await handshake()
        let (times, last) = try await healthChecks(count, of: service)
        return PingReport(name: name, address: peer.address, handshake: handshake, times: times, health: last)
    }

    /// - Throws: `MeshTLSError` or an I/O error.
    func handshake() async throws -> Handshake {
        let (tls, clock) = (peer.tls, ContinuousClock())
        let started = clock.now
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let completed = loop.makePromise(of: TLSHandshakeCompleted.self)
        ClientBootstrap(group: loop).connectTimeout(Self.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([MeshTLSHandler(tls), HandshakeListener(completed)])
                }
            }
            .connect(host: peer.host, port: peer.port)
            .whenFailure(completed.fail)
        let handshake = try await completed.futureResult.get()
        return Handshake(
            identity: handshake.peer?.uri ?? "nobody", protocolName: handshake.alpn ?? "no protocol",
            certificateEnds: handshake.peerCertificateEnds, time: clock.now - started)
    }

    /// `count` health checks, one after the other on one connection.
    ///
    /// - Parameter service: what is asked about; empty is the process.
    /// - Throws: `RPCError`.
    func healthChecks(_ count: Int, of service: String) async throws -> (times: [Duration], last: MeshV1.HealthCheckResponse) {
        try await peer.withClient { client in
            let (health, clock, options) = (MeshV1.HealthClient(client), ContinuousClock(), CallOptions(timeout: Self.callTimeout))
            let request = MeshV1.HealthCheckRequest(service: service)
            // The first call makes the connection; it is not counted.
            var last = try await health.check(request, options: options)
            var times: [Duration] = []
            for _ in 0..<count {
                let started = clock.now
                last = try await health.check(request, options: options)
                times.append(clock.now - started)
            }
            return (times, last)
        }
    }
}

/// Tells of the handshake's end, and closes.
private final class HandshakeListener: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let completed: EventLoopPromise<TLSHandshakeCompleted>

    init(_ completed: EventLoopPromise<TLSHandshakeCompleted>) {
        self.completed = completed
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let handshake = event as? TLSHandshakeCompleted else { return context.fireUserInboundEventTriggered(event) }
        completed.succeed(handshake)
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        completed.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        completed.fail(ChannelError.eof)
    }
}
