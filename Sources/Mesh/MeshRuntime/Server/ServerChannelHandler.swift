internal import Logging
internal import MeshCall
internal import MeshTLS
internal import MeshWire
internal import NIOCore

/// Makes a `ServerConnection` of a channel whose TLS handshake is complete, and passes bytes to it.
final class ServerChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: MeshServer
    var connection: ServerConnection?
    var lane: AdmissionLane?
    let sharing = LoopSharing.ofThisLoop
    var budget = TurnBudget()
    /// What is left of a read that was cut. Nothing more is read until it is dealt with.
    var left = ByteBuffer()
    /// The next part of it has its moment.
    var isPaused = false
    /// Others use the loop too.
    var isShared = false
    /// The socket is read in small portions.
    var readsLittle = false
    private var cause: (any Error)?
    private var expiry: Scheduled<Void>?
    private var remote: SocketAddress?
    private var peerName: String?
    /// The connection was ended by the other side, or the network.
    private var isGone = false
    /// What ended the connection was said in the log.
    private var isLogged = false

    init(_ server: MeshServer) {
        self.server = server
    }

    func handlerAdded(context: ChannelHandlerContext) {
        remote = context.remoteAddress
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let completed = event as? TLSHandshakeCompleted { begin(context.channel, completed) }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ channel: any Channel, _ handshake: TLSHandshakeCompleted) {
        let serial = handshake.peerSerial?.hex
        guard let peer = handshake.peer.map({ PeerIdentity(spiffeID: $0.uri, name: $0.name, serial: serial) }) ?? server.anonymous else {
            server.logger.error("connection closed", metadata: ["why": "the peer has no identity", "remote": "\(remoteText)"])
            return channel.close(promise: nil)
        }
        peerName = peer.name
        let mode: WireMode = handshake.alpn == ApplicationProtocol.mesh ? .mesh : .baseline
        lane = server.admission?.lane(for: channel.eventLoop)
        let connection = ServerConnection(
            loop: channel.eventLoop, link: ChannelLink(channel), peer: peer, mode: mode, dispatcher: server.dispatcher,
            limits: server.limits.connection, admission: lane)
        self.connection = connection
        if mode == .baseline {
            let limits = server.limits.connection
            BaselineKeepalive.start(on: channel, after: limits.serverKeepaliveInterval, timeout: limits.serverKeepaliveTimeout)
        }
        let logger = server.logger, remote = remoteText
        connection.start { end in
            guard case .failed(let failure) = end else { return }
            // Without an end to come it was not let in: its peer has too many.
            if failure.code.isPeersFault, self.expiry != nil, !self.isGone { self.server.offended(self.remote) }
            logger.log(
                level: failure.code == .noError ? .info : .warning, "connection closed",
                metadata: ["why": "\(failure.reason)", "code": "\(failure.code.rawValue)", "peer": "\(peer.name)", "remote": "\(remote)"])
        }
        switch server.register(connection, of: peer.name, for: channel) {
        case .admitted: break
        case .stopping: return connection.drain()
        case .tooMany: return connection.close("too many connections of this peer", .enhanceYourCalm)
        }
        scheduleEnd(handshake.peerCertificateEnds, connection)
    }

    private var remoteText: String { remote?.description ?? "-" }

    /// A connection does not outlive its age, nor the certificate that it was opened with.
    private func scheduleEnd(_ certificateEnds: Int64?, _ connection: ServerConnection) {
        let left = certificateEnds.map { Duration.seconds($0 - WallClock.secondsSince1970) }
        let lifetime = ConnectionLifetime(certificateLeft: left, jitter: .random(in: 0...1), server.limits)
        let bound = NIOLoopBound(self, eventLoop: connection.loop)
        expiry = connection.loop.scheduleTask(in: TimeAmount(lifetime.drainAfter)) { bound.value.lifeEnded(lifetime, connection) }
    }

    private func lifeEnded(_ lifetime: ConnectionLifetime, _ connection: ServerConnection) {
        expiry = connection.loop.scheduleTask(in: TimeAmount(lifetime.grace)) { connection.close(lifetime.reason.rawValue) }
        connection.drain()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        connection?.writabilityChanged()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        cause = cause ?? error
        log(error)
        // The TLS handler closes after an error of its own; anything else that gets here ends the connection too.
        context.close(promise: nil)
    }

    private func log(_ error: any Error) {
        guard !isLogged, connection == nil || !(error is ChannelError) else { return }
        isLogged = true
        let message: Logger.Message = "connection refused or broken"
        guard let peerName else { return server.logStranger(message, "\(error)", remote) }
        server.logger.warning(message, metadata: ["why": "\(error)", "peer": "\(peerName)", "remote": "\(remoteText)"])
    }

    func channelInactive(context: ChannelHandlerContext) {
        expiry?.cancel()
        // What came before the end is no frame that was broken off.
        if left.readableBytes > 0 { connection?.received(left) }
        left = ByteBuffer()
        isGone = true
        connection?.linkClosed(cause)
        connection = nil
        server.unregister(context.channel)
        context.fireChannelInactive()
    }
}
