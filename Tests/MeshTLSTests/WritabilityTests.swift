import MeshTLS
import NIOCore
import NIOPosix
import Testing

/// Writes for as long as the channel says that it may.
private final class Pusher: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private var left: Int

    init(bytes: Int) { left = bytes }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is TLSHandshakeCompleted else { return }
        // Outside of a read turn, where a flush writes to the socket at once and so changes writability under the writer's hands.
        context.eventLoop.assumeIsolated().execute { self.push(context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { push(context) }

    private func push(_ context: ChannelHandlerContext) {
        let chunk = 64 << 10
        while left > 0, context.channel.isWritable {
            left -= chunk
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(repeating: 7, count: chunk)), promise: nil)
        }
    }
}

@Suite("Writability", .timeLimit(.minutes(1)))
struct WritabilityTests {
    @Test("A writer that heeds writability never writes more than may wait, however fast or slow the peer reads")
    func heeded() async throws {
        let authority = try TestAuthority()
        let total = 32 << 20
        // Far less than `total`: who is told to write on while this side still encrypts would pass it.
        let context = try authority.server(limits: TLSLimits(maxQueued: 1 << 20))
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandlers([MeshTLSHandler(context), Pusher(bytes: total)])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let client = try await dial(listener.localAddress?.port ?? 0, authority.client())
        #expect(try await client.bytes(total).count == total)
        try await client.close().get()
        try await listener.close().get()
    }
}
