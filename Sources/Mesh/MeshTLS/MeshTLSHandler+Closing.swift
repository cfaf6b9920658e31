public import NIOCore

/// Closing in order: flushed writes, close_notify, the peer's close_notify, the socket. Each wait is bounded by `TLSLimits.closeTimeout`.
extension MeshTLSHandler {
    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch (mode, lifecycle.phase) {
        case (.all, .open): closeAll(context, promise)
        case (.all, .closing), (.all, .failed): if let promise { closePromises.append(promise) }
        case (.output, .open): closeOutput(context, promise)
        default: context.close(mode: mode, promise: promise)
        }
    }

    private func closeAll(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        if let promise { closePromises.append(promise) }
        lifecycle.close()
        for unflushed in queue.takeUnflushed() { unflushed.fail(ChannelError.ioOnClosedChannel) }
        arm(context, limits.closeTimeout) { _ in context.close(promise: nil) }
        if lifecycle.closeNotifySent, lifecycle.inputClosed { return context.close(promise: nil) }
        // Reads go on until the peer's close_notify, even if nobody inside asks.
        context.read()
        pump(context)
    }

    private func closeOutput(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard !lifecycle.outputClosing else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        lifecycle.closeOutput()
        outputClosePromise = promise
        for unflushed in queue.takeUnflushed() { unflushed.fail(ChannelError.outputClosed) }
        pump(context)
    }

    func peerClosed(_ context: ChannelHandlerContext) {
        lifecycle.peerClosed()
        if lifecycle.phase == .closing {
            if lifecycle.closeNotifySent { context.close(promise: nil) }
        } else if halfClosureAllowed(context) {
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            if lifecycle.closeNotifySent { context.close(promise: nil) }
        } else {
            closeAll(context, nil)
        }
    }

    private func halfClosureAllowed(_ context: ChannelHandlerContext) -> Bool {
        (try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)) ?? false
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let revoked = event as? PeerRevoked { return fail(context, .peerRefused(revoked.refusal)) }
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        // The TCP stream ended; TLS has its own end, which was reported when it came.
        switch lifecycle.phase {
        case .handshaking: fail(context, .handshakeFailed("the peer closed the connection"))
        case .open where !lifecycle.inputClosed: fail(context, .truncated)
        case .open: if lifecycle.closeNotifySent { context.close(promise: nil) }
        case .idle, .closing, .failed, .closed: context.close(promise: nil)
        }
    }

    func sendCloseNotify(_ context: ChannelHandlerContext, _ connection: TLSConnection) {
        connection.sendCloseNotify()
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.closeNotifyWritten(context) }
        writeLast(context, connection, written)
    }

    private func closeNotifyWritten(_ context: ChannelHandlerContext) {
        if lifecycle.inputClosed || lifecycle.phase == .closed {
            context.close(promise: outputClosePromise)
        } else if lifecycle.outputClosing {
            context.close(mode: .output, promise: outputClosePromise)
        }
        outputClosePromise = nil
    }

    /// The last bytes of this side go out however full the socket is.
    private func writeLast(_ context: ChannelHandlerContext, _ connection: TLSConnection, _ promise: EventLoopPromise<Void>?) {
        context.write(wrapOutboundOut(connection.takeOutbound() ?? ByteBuffer()), promise: promise)
        flushNow(context)
    }

    // MARK: Failing

    /// Reports the error, sends the alert that libssl made of it, and closes.
    func fail(_ context: ChannelHandlerContext, _ error: MeshTLSError) {
        guard lifecycle.fail() else { return }
        failQueue(error)
        let alerted = (connection?.outboundBytes ?? 0) > 0
        if let connection, alerted {
            linger(context, connection)
        }
        context.fireErrorCaught(error)
        if !alerted { context.close(promise: nil) }
    }

    /// Closing a socket with unread bytes resets it, and the reset overtakes the alert: so this side's half is closed first,
    /// and what the peer still sends is dropped until it closes too.
    private func linger(_ context: ChannelHandlerContext, _ connection: TLSConnection) {
        arm(context, limits.closeTimeout) { _ in context.close(promise: nil) }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            let closed = context.eventLoop.makePromise(of: Void.self)
            closed.futureResult.assumeIsolated().whenFailure { _ in context.close(promise: nil) }
            context.close(mode: .output, promise: closed)
        }
        inReadTurn = false
        writeLast(context, connection, written)
    }

    func arm(_ context: ChannelHandlerContext, _ delay: TimeAmount, _ action: @escaping (MeshTLSHandler) -> Void) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { action(self) }
    }
}
