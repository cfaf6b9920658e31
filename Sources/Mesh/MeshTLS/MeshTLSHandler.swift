public import NIOCore

/// TLS on a NIO channel: plaintext `ByteBuffer`s on its inner side, ciphertext on its outer.
///
/// Add it first in the pipeline, on the channel's event loop. It fires `TLSHandshakeCompleted` before the first byte, and at most one
/// `MeshTLSError`, after which it closes the channel. Writes made in the course of one read turn leave in one flush.
/// Writers must heed the channel's writability: what they write past `TLSLimits.maxQueued` closes the connection.
public final class MeshTLSHandler: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    let limits: TLSLimits
    let loaded: LoadedContext
    /// The handshake is made for another channel of the same connection: see `TLSHandedOver`.
    private let handsOver: Bool
    var connection: TLSConnection?
    var lifecycle = TLSLifecycle()
    var queue = WriteQueue()
    /// Ends the handshake, or the wait for the peer's close_notify.
    var deadline: Scheduled<Void>?
    var closePromises: [EventLoopPromise<Void>] = []
    var outputClosePromise: EventLoopPromise<Void>?
    var inReadTurn = false
    var owesFlush = false
    var pumping = false
    private var owesWritability = false
    /// Somebody inside asked for bytes and has not had any since.
    private var readRequested = false
    private var plaintext = ByteBuffer()
    /// The last that was delivered in this turn, while somebody keeps it.
    private var lent: ByteBuffer?
    private static let keptCapacity = 4096
    /// Who sends more than this after this side began to close is not about to say a last word.
    private static let mostDecrypted = 16 * 1024
    private var firstRecord = FirstRecord()
    /// Bytes that have come since this side began to close.
    private var dropped = 0

    /// - Parameters:
    ///   - context: what it holds now is used; a later reload doesn't touch this connection.
    ///   - handsOver: makes the handshake only, then fires `TLSHandedOver` instead of `TLSHandshakeCompleted`. For servers.
    public init(_ context: MeshTLSContext, handsOver: Bool = false) {
        limits = context.limits
        loaded = context.current
        self.handsOver = handsOver
    }

    /// Goes on with a connection that was handed over: fires `TLSHandshakeCompleted` when the channel becomes active.
    public init(_ established: EstablishedTLS) {
        limits = established.limits
        loaded = established.loaded
        connection = established.connection
        handsOver = false
    }

    // MARK: Start and end

    public func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        loaded.revocations.unregister(context.channel)
        deadline?.cancel()
        deadline = nil
        failQueue(ChannelError.ioOnClosedChannel)
    }

    public func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        start(context)
    }

    public func channelInactive(context: ChannelHandlerContext) {
        let end = lifecycle.end()
        loaded.revocations.unregister(context.channel)
        deadline?.cancel()
        deadline = nil
        failQueue(ChannelError.ioOnClosedChannel)
        switch end {
        case .expected: break
        case .duringHandshake: context.fireErrorCaught(MeshTLSError.handshakeFailed("the peer closed the connection"))
        case .truncated: context.fireErrorCaught(MeshTLSError.truncated)
        }
        let waiting = closePromises
        closePromises = []
        for promise in waiting { promise.succeed() }
        context.fireChannelInactive()
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lifecycle.transportError()
        context.fireErrorCaught(error)
    }

    private func start(_ context: ChannelHandlerContext) {
        guard lifecycle.start() else { return }
        if let connection { return goOn(context, connection) }
        arm(context, limits.handshakeTimeout) { this in this.fail(context, .handshakeTimedOut) }
        // A server makes nothing of a connection until its client has said something.
        if loaded.configuration.role == .client, makeConnection(context) != nil { advanceHandshake(context) }
        context.read()
    }

    /// The handshake was made elsewhere, and what came with its last bytes lies unread in the connection.
    private func goOn(_ context: ChannelHandlerContext, _ connection: TLSConnection) {
        lifecycle.handshakeCompleted()
        inReadTurn = true
        open(context, connection)
        channelReadComplete(context: context)
    }

    /// The handshake is more than a wait for the client's first record.
    package var hasBegun: Bool { connection != nil || (lifecycle.phase != .idle && lifecycle.phase != .handshaking) }

    private func makeConnection(_ context: ChannelHandlerContext) -> TLSConnection? {
        do throws(MeshTLSError) {
            connection = try TLSConnection(loaded)
        } catch {
            fail(context, error)
        }
        return connection
    }

    // MARK: Reading

    public func read(context: ChannelHandlerContext) {
        readRequested = true
        if !holdsReads { context.read() }
    }

    /// libssl has answers that the peer doesn't take: reading on would only make more of them. What comes after a handshake is for whom it was made.
    private var holdsReads: Bool { (connection?.outboundBytes ?? 0) >= BufferBIO.maxOutbound || (handsOver && lifecycle.phase == .open) }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var ciphertext = unwrapInboundIn(data)
        if lifecycle.lingers, drops(ciphertext.readableBytes, context) { return }
        guard lifecycle.phase != .failed else { return }
        if connection == nil {
            guard lifecycle.phase == .handshaking, let whole = firstRecord.append(ciphertext) else { return }
            ciphertext = whole
        }
        guard let connection = connection ?? makeConnection(context) else { return }
        inReadTurn = true
        connection.feed(ciphertext)
        if lifecycle.phase == .handshaking { advanceHandshake(context) } else if !handsOver { readPlaintext(context) }
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        inReadTurn = false
        if owesFlush { flushNow(context) }
        // Nothing came of this read that the inner side would see, so it won't ask again.
        if readRequested || lifecycle.phase != .open, !holdsReads { context.read() }
        context.fireChannelReadComplete()
        takeBackLent()
    }

    /// A peer that has closed its side too is read to the end in one go, however much it has sent.
    ///
    /// - Returns: false when a close_notify may still be found in it.
    private func drops(_ bytes: Int, _ context: ChannelHandlerContext) -> Bool {
        dropped += bytes
        if dropped > limits.maxDropped, lifecycle.lastWordIsSaid { context.close(promise: nil) }
        return dropped > Self.mostDecrypted
    }

    private func advanceHandshake(_ context: ChannelHandlerContext) {
        guard let connection else { return }
        switch connection.handshake() {
        case .done: complete(context, connection)
        case .failed(let error): fail(context, error)
        case .needsInput, .needsOutput, .isFull, .closedByPeer: emit(context)
        }
    }

    private func complete(_ context: ChannelHandlerContext, _ connection: TLSConnection) {
        lifecycle.handshakeCompleted()
        if handsOver { return handOver(context, connection) }
        emit(context)
        open(context, connection)
    }

    private func open(_ context: ChannelHandlerContext, _ connection: TLSConnection) {
        deadline?.cancel()
        deadline = nil
        if let peer = connection.peer, let revoked = loaded.revocations.register(context.channel, peer) {
            return fail(context, .peerRefused(revoked))
        }
        context.fireUserInboundEventTriggered(
            TLSHandshakeCompleted(
                peer: connection.peer?.identity, alpn: connection.alpn, peerCertificateEnds: connection.peer?.certificateEnds,
                peerSerial: connection.peer?.serial))
        pump(context)
        readPlaintext(context)
    }

    func readPlaintext(_ context: ChannelHandlerContext) {
        while let connection, lifecycle.reads, !lifecycle.inputClosed {
            let outcome = connection.read(into: &plaintext)
            deliver(context)
            switch outcome {
            case .isFull: continue
            case .closedByPeer: return peerClosed(context)
            case .failed(let error): return fail(context, error)
            case .needsOutput:
                emit(context)
                // The socket doesn't take it: go on at channelWritabilityChanged.
                if connection.outboundBytes > 0 { return }
            case .needsInput, .done: return emit(context)
            }
        }
    }

    private func deliver(_ context: ChannelHandlerContext) {
        guard plaintext.readableBytes > 0 else { return }
        guard lifecycle.delivers else { return plaintext = ByteBuffer() }
        var delivered = plaintext
        plaintext = ByteBuffer()
        readRequested = false
        context.fireChannelRead(wrapInboundOut(delivered))
        // Used again if nobody keeps it, now or when the turn is over; an idle connection keeps little.
        guard delivered.capacity <= Self.keptCapacity, plaintext.capacity == 0 else { return }
        if delivered.modifyIfUniquelyOwned({ $0.clear() }) != nil { plaintext = delivered } else { lent = delivered }
    }

    private func takeBackLent() {
        guard var lent else { return }
        self.lent = nil
        guard plaintext.capacity == 0 else { return }
        if lent.modifyIfUniquelyOwned({ $0.clear() }) != nil { plaintext = lent }
    }

    // MARK: Writing

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard lifecycle.mayWrite else {
            promise?.fail(lifecycle.phase == .open ? ChannelError.outputClosed : ChannelError.ioOnClosedChannel)
            return
        }
        let buffer = unwrapOutboundIn(data)
        let limit = lifecycle.phase == .open ? limits.maxQueued : limits.maxQueuedBeforeHandshake
        // A buffer that was filled bit by bit may have twice the room that it needs: alone it may wait if what is in it may.
        guard queue.heldBytes + WriteQueue.held(by: buffer) <= limit || (queue.isEmpty && buffer.readableBytes <= limit) else {
            promise?.fail(MeshTLSError.writeQueueFull(limit: limit))
            return fail(context, .writeQueueFull(limit: limit))
        }
        queue.append(buffer, promise)
    }

    public func flush(context: ChannelHandlerContext) {
        queue.mark()
        pump(context)
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        // Told now, the inner side would write as much as it has: what it writes while this side pumps does not fill the socket.
        guard !pumping else { return tellWritabilityLater(context) }
        if context.channel.isWritable {
            let heldReads = holdsReads
            emit(context)
            pump(context)
            if heldReads {
                readPlaintext(context)
                context.fireChannelReadComplete()
            }
            if heldReads, readRequested, !holdsReads { context.read() }
        }
        context.fireChannelWritabilityChanged()
    }

    private func tellWritabilityLater(_ context: ChannelHandlerContext) {
        guard !owesWritability else { return }
        owesWritability = true
        context.eventLoop.assumeIsolated().execute {
            self.owesWritability = false
            if self.lifecycle.phase != .closed { self.channelWritabilityChanged(context: context) }
        }
    }
}
