import MeshTLS
import NIOCore
import NIOPosix

/// A connection that sends whatever bytes it is told, inside TLS or not, and collects what comes.
struct RawPeer {
    let channel: any Channel
    private let received: EventLoopFuture<[UInt8]>

    /// - Parameters:
    ///   - tls: nil connects in clear.
    ///   - source: the address that it comes from, one of this host's.
    ///   - reads: false reads nothing after the handshake.
    static func connect(
        port: Int, tls: MeshTLSContext?, from source: String = "127.0.0.1", group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        reads: Bool = true
    ) async throws -> RawPeer {
        let loop = group.next()
        let received = loop.makePromise(of: [UInt8].self)
        let ready = loop.makePromise(of: Void.self)
        let connecting = try ClientBootstrap(group: loop)
            .bind(to: SocketAddress(ipAddress: source, port: 0))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(MeshTLSHandler(tls)) }
                    try channel.pipeline.syncOperations.addHandler(Collector(received: received, ready: ready, isPlain: tls == nil))
                }
            }
            .connect(host: "127.0.0.1", port: port)
        // Where nobody answers there is no handler that would say so.
        connecting.whenFailure { error in
            ready.fail(error)
            received.fail(error)
        }
        let channel = try await connecting.get()
        try await ready.futureResult.get()
        if !reads { try await channel.setOption(.autoRead, value: false).get() }
        return RawPeer(channel: channel, received: received.futureResult)
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Everything received until the other side closed.
    func untilClosed() async throws -> [UInt8] {
        try await received.get()
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let received: EventLoopPromise<[UInt8]>
        private let ready: EventLoopPromise<Void>
        private let isPlain: Bool
        private var bytes: [UInt8] = []

        init(received: EventLoopPromise<[UInt8]>, ready: EventLoopPromise<Void>, isPlain: Bool) {
            self.received = received
            self.ready = ready
            self.isPlain = isPlain
        }

        func channelActive(context: ChannelHandlerContext) {
            if isPlain { ready.succeed() }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is TLSHandshakeCompleted { ready.succeed() }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            ready.fail(error)
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            ready.fail(ChannelError.eof)
            received.succeed(bytes)
        }
    }
}
