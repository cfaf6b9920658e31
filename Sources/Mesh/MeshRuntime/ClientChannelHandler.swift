internal import MeshCall
internal import MeshTLS
internal import MeshWire
internal import NIOCore

/// Makes a `ClientConnection` of a channel once its TLS handshake is complete, and passes bytes to it.
final class ClientChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// What becomes of an attempt to connect.
    enum Outcome: Sendable {
        /// The server has sent its SETTINGS, so it accepts this side's certificate. In baseline: the TLS handshake is complete, and a
        /// refusal shows in the first call only.
        case established(ClientConnection)
        case failed(any Error)
        /// An established connection takes no more calls.
        case retired
        /// An established connection is over. `broke`: not because this side closed it.
        case ended(broke: Bool)
        /// This side ended an established connection.
        case broken(ConnectionFailure)
    }

    private let limits: ConnectionLimits
    private let report: @Sendable (Outcome) -> Void
    private var connection: ClientConnection?
    private var isEstablished = false
    private var cause: (any Error)?

    init(limits: ConnectionLimits, report: @escaping @Sendable (Outcome) -> Void) {
        self.limits = limits
        self.report = report
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let completed = event as? TLSHandshakeCompleted { begin(context.channel, completed) }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ channel: any Channel, _ handshake: TLSHandshakeCompleted) {
        let mode: WireMode = handshake.alpn == ApplicationProtocol.mesh ? .mesh : .baseline
        let connection = ClientConnection(loop: channel.eventLoop, link: ChannelLink(channel), mode: mode, limits: limits)
        self.connection = connection
        let loopBound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        // Held strongly, until its end: an object that is known weakly costs more with each count of a reference.
        connection.start { event in
            loopBound.value.handle(event, of: connection)
        }
        guard mode == .baseline else { return }
        BaselineKeepalive.start(on: channel, after: limits.keepaliveInterval, timeout: limits.keepaliveTimeout)
        handle(.established, of: connection)
    }

    private func handle(_ event: ClientConnection.Event, of connection: ClientConnection) {
        switch event {
        case .established:
            isEstablished = true
            report(.established(connection))
        case .retired: if isEstablished { report(.retired) }
        case .ended(let end):
            if case .failed(let failure) = end { broken(failure) }
            if isEstablished { report(.ended(broke: !end.isByThisSide)) }
        }
    }

    private func broken(_ failure: ConnectionFailure) {
        if isEstablished { report(.broken(failure)) } else { cause = cause ?? failure }
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
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection?.linkClosed(cause)
        if !isEstablished { report(.failed(cause ?? ChannelError.eof)) }
        connection = nil
        context.fireChannelInactive()
    }
}

extension ConnectionEnd {
    fileprivate var isByThisSide: Bool {
        if case .closed = self { true } else { false }
    }
}
