import MeshTLS
import MeshWire
import NIOCore
import NIOPosix

/// A TLS listener that sends the same bytes to everyone, and an answer to each Request.
struct RawServer {
    let port: Int
    private let listener: any Channel

    /// - Parameter answer: to a Request with this header.
    static func start(
        _ tls: MeshTLSContext, greeting: [UInt8], answer: @escaping @Sendable (FrameHeader) -> [UInt8] = { _ in [] }
    ) async throws -> RawServer {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([MeshTLSHandler(tls), Greeter(greeting, answer)])
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
        private let answer: (FrameHeader) -> [UInt8]
        private var splitter = FrameSplitter(mode: .mesh, settings: .default)

        init(_ greeting: [UInt8], _ answer: @escaping (FrameHeader) -> [UInt8]) {
            self.greeting = greeting
            self.answer = answer
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is TLSHandshakeCompleted { write(greeting, context) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            do {
                try unwrapInboundIn(data).withUnsafeReadableBytes { raw in
                    try splitter.split(raw) { header, _ throws(ConnectionFailure) in
                        if header.type == .request, !header.flags.contains(.more) { write(answer(header), context) }
                    }
                }
            } catch {
                context.close(promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
            context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
        }
    }
}
