import Deployment
import MeshCall
import MeshMessages
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import ServiceKit

/// What a process of the mesh answers to somebody who only knocks: who it is by its certificate, and how fast it answers.
struct MeshProbe {
    let name: ServiceName
    let mesh: OperatorMesh

    static let connectTimeout = TimeAmount.seconds(5)
    static let callTimeout = Duration.seconds(5)

    /// A TLS handshake on a connection of its own.
    struct Handshake: Sendable {
        let identity: String
        let protocolName: String
        /// Seconds since 1970.
        let certificateEnds: Int64?
        let time: Duration
    }

    /// - Throws: `MeshTLSError` or an I/O error.
    func handshake() async throws -> Handshake {
        let (endpoint, tls, clock) = (try mesh.endpoint(of: name), try mesh.tls(to: name), ContinuousClock())
        let started = clock.now
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let completed = loop.makePromise(of: TLSHandshakeCompleted.self)
        ClientBootstrap(group: loop).connectTimeout(Self.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([MeshTLSHandler(tls), HandshakeListener(completed)])
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
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
        try await mesh.withClient(to: name) { client in
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
