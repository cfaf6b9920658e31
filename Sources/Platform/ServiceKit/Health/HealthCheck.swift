internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Asks a running service's health port, for a container's health check that has no other program at hand.
enum HealthCheck {
    static let deadline = TimeAmount.seconds(3)

    /// - Returns: 0 when the service answers that it is ready, otherwise 1.
    static func exitCode(asking endpoint: Endpoint) -> Int32 {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let answer = group.next().makePromise(of: HTTPResponseStatus.self)
        ClientBootstrap(group: group).connectTimeout(deadline)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(StatusReader(answer))
                    channel.eventLoop.scheduleTask(in: deadline) { channel.close(promise: nil) }
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
            .whenFailure(answer.fail)
        return (try? answer.futureResult.wait()) == .ok ? 0 : 1
    }
}

private final class StatusReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let answer: EventLoopPromise<HTTPResponseStatus>

    init(_ answer: EventLoopPromise<HTTPResponseStatus>) {
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/readyz", headers: ["host": "localhost", "connection": "close"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data) { answer.succeed(head.status) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(ChannelError.eof)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }
}
