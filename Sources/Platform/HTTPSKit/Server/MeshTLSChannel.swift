internal import HummingbirdCore
internal import Logging
internal import MeshTLS
internal import NIOCore

/// Puts TLS by libssl in front of another child channel, as HummingbirdTLS does with NIOSSL.
struct MeshTLSChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let context: MeshTLSContext

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([MeshTLSHandler(context), TLSErrorReport(logger)])
        }.flatMap {
            base.setup(channel: channel, logger: logger)
        }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

/// Says why a connection ended. Strangers cause these at will, so they stay below the usual level.
private final class TLSErrorReport: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let peer = context.remoteAddress?.description ?? "unknown"
        logger.debug("connection failed", metadata: ["peer": "\(peer)", "error": "\(error)"])
        context.fireErrorCaught(error)
    }
}
