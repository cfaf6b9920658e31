internal import NIOCore
internal import NIOHTTP1

/// Reads one question after the other and sends what is to be answered.
final class ConversationHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let reply: @Sendable (ModelServer.Question) -> Reply
    private var question = ModelServer.Question(path: "", authorization: "", body: "")
    private var isOpen = true

    init(_ reply: @escaping @Sendable (ModelServer.Question) -> Reply) {
        self.reply = reply
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            question = .init(path: head.uri, authorization: head.headers.first(name: "authorization") ?? "", body: "")
        case .body(let bytes): question.body += String(buffer: bytes)
        case .end: send(reply(question), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isOpen = false
        context.fireChannelInactive()
    }

    private func send(_ reply: Reply, _ context: ChannelHandlerContext) {
        guard let pieces = reply.pieces else { return }
        let status = HTTPResponseStatus(statusCode: reply.status)
        let framing = pieces.isEmpty ? [("content-length", "0")] : [("transfer-encoding", "chunked")]
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: HTTPHeaders(reply.headers + framing)))), promise: nil)
        for piece in pieces { context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: piece)))), promise: nil) }
        switch reply.end {
        case .proper: context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .closes: context.close(promise: nil)
        case .silence: context.flush()
        case .endless: again(pieces.last ?? [], context)
        }
    }

    /// The next one once this one has left.
    private func again(_ piece: [UInt8], _ context: ChannelHandlerContext) {
        guard isOpen else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: piece))))).whenSuccess {
            // Not from within: a write may be done at once.
            bound.value.1.eventLoop.execute { bound.value.0.again(piece, bound.value.1) }
        }
    }
}
