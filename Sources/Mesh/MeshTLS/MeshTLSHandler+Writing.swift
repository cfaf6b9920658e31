internal import NIOCore

/// From the queue through libssl to the socket.
extension MeshTLSHandler {
    /// Ciphertext handed to the channel at once.
    static let chunk = 64 * 1024

    /// Encrypts flushed plaintext for as long as the socket takes it.
    func pump(_ context: ChannelHandlerContext) {
        guard let connection, !pumping, lifecycle.phase == .open || lifecycle.phase == .closing else { return }
        pumping = true
        var sent: [EventLoopPromise<Void>] = []
        var failure: MeshTLSError?
        while failure == nil, queue.hasFlushed, context.channel.isWritable {
            connection.expect(min(queue.bytes, Self.chunk + WriteQueue.maxRecord))
            guard let step = queue.withNextRecord(connection.write) else { break }
            queue.consume(step.count, sent: &sent)
            if case .failed(let error) = step.outcome { failure = error }
            if case .needsInput = step.outcome { break }
            if connection.outboundBytes >= Self.chunk || !queue.hasFlushed { emit(context, &sent) }
        }
        emit(context, &sent)
        pumping = false
        if let failure { return fail(context, failure) }
        if lifecycle.takeCloseNotify(queueIsEmpty: !queue.hasFlushed) { sendCloseNotify(context, connection) }
    }

    /// Sends what libssl has to say of itself, unless the socket is full.
    func emit(_ context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        var none: [EventLoopPromise<Void>] = []
        emit(context, &none)
    }

    private func emit(_ context: ChannelHandlerContext, _ sent: inout [EventLoopPromise<Void>]) {
        let ciphertext = connection?.takeOutbound()
        guard ciphertext != nil || !sent.isEmpty else { return }
        context.write(wrapOutboundOut(ciphertext ?? ByteBuffer()), promise: joined(sent, context))
        sent = []
        flushNow(context)
    }

    /// At the end of a read turn, so that all answers to one read leave together.
    func flushNow(_ context: ChannelHandlerContext) {
        owesFlush = inReadTurn
        if !inReadTurn { context.flush() }
    }

    private func joined(_ promises: [EventLoopPromise<Void>], _ context: ChannelHandlerContext) -> EventLoopPromise<Void>? {
        guard promises.count > 1 else { return promises.first }
        let joined = context.eventLoop.makePromise(of: Void.self)
        for promise in promises { joined.futureResult.cascade(to: promise) }
        return joined
    }

    func failQueue(_ error: any Error) {
        for promise in queue.takeAll() { promise.fail(error) }
        outputClosePromise?.fail(error)
        outputClosePromise = nil
    }
}
