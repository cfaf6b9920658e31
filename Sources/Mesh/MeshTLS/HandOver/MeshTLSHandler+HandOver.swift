internal import Glibc
internal import NIOCore

/// A handshake that is made on one event loop for another.
extension MeshTLSHandler {
    /// Hands over once the socket has taken the last bytes of the handshake. Its deadline holds until then, and nothing more is read.
    func handOver(_ context: ChannelHandlerContext, _ connection: TLSConnection) {
        let written = context.eventLoop.makePromise(of: Void.self)
        // When the bytes cannot be written the channel closes by itself.
        written.futureResult.assumeIsolated().whenSuccess { self.handshakeWritten(context) }
        context.writeAndFlush(wrapOutboundOut(connection.takeOutbound() ?? ByteBuffer()), promise: written)
    }

    private func handshakeWritten(_ context: ChannelHandlerContext) {
        guard lifecycle.phase == .open, let connection else { return }
        let socket = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            fcntl($0, F_DUPFD_CLOEXEC, 0)
        }
        guard let socket, socket >= 0 else { return fail(context, .handshakeFailed("no descriptor for the connection")) }
        self.connection = nil
        lifecycle.close()
        context.fireUserInboundEventTriggered(TLSHandedOver(established: EstablishedTLS(connection, loaded, limits), socket: socket))
        context.close(promise: nil)
    }
}
