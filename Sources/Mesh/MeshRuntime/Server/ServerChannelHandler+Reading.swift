internal import MeshCall
internal import NIOCore

/// Reads of a connection, in parts where they are long and others wait: see `TurnBudget`.
extension ServerChannelHandler {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lane?.readBegins()
        var bytes = unwrapInboundIn(data)
        let now = NIODeadline.now()
        budget.begin(at: now, bytes: bytes.readableBytes)
        isShared = sharing.reads(ObjectIdentifier(self), at: now)
        if left.readableBytes > 0 {
            left.writeBuffer(&bytes)
        } else if budget.cuts(bytes.readableBytes, isShared: isShared) {
            left = bytes
            takePieces()
        } else {
            connection?.received(bytes)
        }
    }

    private func takePieces() {
        while let connection, let piece = left.readSlice(length: min(TurnBudget.piece, left.readableBytes)), piece.readableBytes > 0 {
            connection.received(piece)
            if budget.isSpent(at: .now()) { return }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        partCompleted(context)
        context.fireChannelReadComplete()
    }

    private func partCompleted(_ context: ChannelHandlerContext) {
        connection?.readCompleted()
        let isComplete = left.readableBytes == 0
        budget.end(at: .now(), isComplete: isComplete)
        read(little: isShared && budget.isDense, context)
        // Empty, it would still hold the memory of all that was read.
        if isComplete, left.capacity > 0 { left = ByteBuffer() }
        guard !isComplete, !isPaused, connection != nil else { return }
        isPaused = true
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: TurnBudget.pause) { self.goOn(context) }
    }

    /// - Parameter little: in portions of `TurnBudget.littleRead`, not in those that the channel finds fit.
    private func read(little: Bool, _ context: ChannelHandlerContext) {
        guard little != readsLittle else { return }
        readsLittle = little
        let allocator: any RecvByteBufferAllocator = little ? LittleReads() : AdaptiveRecvByteBufferAllocator()
        try? context.channel.syncOptions?.setOption(.recvAllocator, value: allocator)
    }

    private func goOn(_ context: ChannelHandlerContext) {
        isPaused = false
        guard connection != nil else { return }
        lane?.readBegins()
        budget.begin(at: .now())
        takePieces()
        partCompleted(context)
        if left.readableBytes == 0 { try? context.channel.syncOptions?.setOption(.autoRead, value: true) }
    }
}
