internal import Logging
internal import MeshCall
internal import MeshTLS
internal import MeshWire
internal import NIOCore

/// Makes a `ServerConnection` of a channel once its TLS handshake is complete, and passes bytes to it.
final class ServerChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: MeshServer
    private var connection: ServerConnection?
    private var cause: (any Error)?
    private var expiry: Scheduled<Void>?
    private var remote = "-"

    init(_ server: MeshServer) {
        self.server = server
    }

    func handlerAdded(context: ChannelHandlerContext) {
        remote = context.remoteAddress?.description ?? "-"
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let completed = event as? TLSHandshakeCompleted { begin(context.channel, completed) }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ channel: any Channel, _ handshake: TLSHandshakeCompleted) {
        guard let identity = handshake.peer else {
            server.logger.error("connection closed", metadata: ["why": "the peer has no identity", "remote": "\(remote)"])
            return channel.close(promise: nil)
        }
        let peer = PeerIdentity(spiffeID: identity.uri, name: identity.name)
        let mode: WireMode = handshake.alpn == ApplicationProtocol.mesh ? .mesh : .baseline
        let connection = ServerConnection(
            loop: channel.eventLoop, link: ChannelLink(channel), peer: peer, mode: mode, dispatcher: server.dispatcher,
            limits: server.limits.connection)
        self.connection = connection
        let logger = server.logger, remote = remote
        connection.start { end in
            guard case .failed(let failure) = end else { return }
            logger.log(
                level: failure.code == .noError ? .info : .warning, "connection closed",
                metadata: ["why": "\(failure.reason)", "code": "\(failure.code.rawValue)", "peer": "\(peer.name)", "remote": "\(remote)"])
        }
        switch server.register(connection, of: peer.name, for: channel) {
        case .admitted: break
        case .stopping: return connection.drain()
        case .tooMany: return connection.close("too many connections of this peer", .enhanceYourCalm)
        }
        drainAtExpiry(handshake.peerCertificateEnds, connection)
    }

    /// Seconds: a year. Certificates that live longer are looked at again by the next connection.
    private static let longestTimer: Int64 = 365 * 86_400

    /// A connection does not outlive the certificate it was opened with.
    private func drainAtExpiry(_ ends: Int64?, _ connection: ServerConnection) {
        guard let ends else { return }
        let left = min(max(0, ends - WallClock.secondsSince1970), Self.longestTimer)
        let bound = NIOLoopBound(self, eventLoop: connection.loop)
        expiry = connection.loop.scheduleTask(in: .seconds(left)) { bound.value.certificateEnded(connection) }
    }

    private func certificateEnded(_ connection: ServerConnection) {
        expiry = connection.loop.scheduleTask(in: TimeAmount(server.limits.expiryGrace)) {
            connection.close("the peer's certificate ended")
        }
        connection.drain()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection?.received(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        connection?.readCompleted()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        connection?.writabilityChanged()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        cause = cause ?? error
        if connection == nil || !(error is ChannelError) {
            server.logger.warning("connection refused or broken", metadata: ["why": "\(error)", "remote": "\(remote)"])
        }
        // The TLS handler closes after an error of its own; anything else that gets here ends the connection too.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        expiry?.cancel()
        connection?.linkClosed(cause)
        connection = nil
        server.unregister(context.channel)
        context.fireChannelInactive()
    }
}
