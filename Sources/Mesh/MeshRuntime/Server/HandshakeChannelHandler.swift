internal import Logging
internal import MeshTLS
internal import NIOCore

/// Waits for a connection's handshake and passes it on to be served.
final class HandshakeChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: MeshServer
    private var remote: SocketAddress?
    private var isHandedOver = false
    /// What ended the handshake was said in the log.
    private var isLogged = false

    init(_ server: MeshServer) {
        self.server = server
    }

    func handlerAdded(context: ChannelHandlerContext) {
        remote = context.remoteAddress
        let channel = context.channel
        // Not when it becomes inactive: one that is closed before it was ever active does not.
        channel.closeFuture.assumeIsolated().whenComplete { _ in
            if !self.isHandedOver { self.server.unregister(channel) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let handedOver = event as? TLSHandedOver {
            isHandedOver = true
            server.serve(handedOver, from: context.channel)
        } else if let givenUp = event as? HandshakeGivenUp, !isHandedOver {
            // Before the channel closes.
            if !hasBegun(context) { MeshServer.withSocket(of: context.pipeline) { ParkedSockets.shared.park($0) } }
            errorCaught(context: context, error: givenUp)
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// A connection that has to wait for its handshake has no TLS handler yet.
    private func hasBegun(_ context: ChannelHandlerContext) -> Bool {
        (try? context.pipeline.syncOperations.handler(type: MeshTLSHandler.self))?.hasBegun ?? false
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isLogged { server.logStranger("connection refused or broken", "\(error)", remote) }
        isLogged = true
        // The TLS handler closes after an error of its own; anything else that gets here ends the connection too.
        context.close(promise: nil)
    }
}

/// Comes down the pipeline of a connection whose handshake is not waited for any longer.
struct HandshakeGivenUp: Error, CustomStringConvertible {
    var description: String { "too many handshakes under way" }
}
