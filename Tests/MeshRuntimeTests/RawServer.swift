import MeshTLS
import NIOCore
import NIOPosix

/// A TLS listener that sends the same bytes to everyone and then says nothing more.
struct RawServer {
    let port: Int
    private let listener: any Channel

    static func start(_ tls: MeshTLSContext, greeting: [UInt8]) async throws -> RawServer {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([MeshTLSHandler(tls), Greeter(greeting)])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return RawServer(port: listener.localAddress?.port ?? 0, listener: listener)
    }

    func stop() async throws {
        try await listener.close().get()
    }

    private final class Greeter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let greeting: [UInt8]

        init(_ greeting: [UInt8]) {
            self.greeting = greeting
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is TLSHandshakeCompleted { context.writeAndFlush(NIOAny(ByteBuffer(bytes: greeting)), promise: nil) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
