internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import ServiceLifecycle

/// Plain HTTP on the health port: one request a connection, no body, a few seconds at most.
struct HealthServer: Service {
    static let requestDeadline = TimeAmount.seconds(5)
    static let maximumConnections = 32

    let endpoint: Endpoint
    let report: HealthReport
    let metrics: @Sendable () -> String
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger

    func run() async throws {
        let channel = try await start()
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await channel.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            channel.close(promise: nil)
        }
    }

    /// Binds the port and serves until the channel is closed.
    func start() async throws -> any Channel {
        let (report, metrics) = (report, metrics)
        return try await ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: Int32(Self.maximumConnections))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(HealthHandler(report: report, metrics: metrics))
                    channel.eventLoop.scheduleTask(in: Self.requestDeadline) { channel.close(promise: nil) }
                }
            }
            .bind(host: endpoint.host, port: endpoint.port).get()
    }
}

private final class HealthHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let report: HealthReport
    private let metrics: @Sendable () -> String

    init(report: HealthReport, metrics: @escaping @Sendable () -> String) {
        self.report = report
        self.metrics = metrics
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        let (report, metrics, channel) = (report, metrics, context.channel)
        channel.eventLoop.makeFutureWithTask {
            await HealthPage.answer(head.method, head.uri, unready: report.unreadyReason, metrics: metrics)
        }.whenSuccess { Self.send($0, for: head, on: channel) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private static func send(_ page: HealthPage, for request: HTTPRequestHead, on channel: any Channel) {
        let body = channel.allocator.buffer(string: page.body)
        let headers: HTTPHeaders = [
            "content-type": page.contentType, "content-length": "\(body.readableBytes)", "connection": "close",
        ]
        channel.write(HTTPServerResponsePart.head(.init(version: request.version, status: page.status, headers: headers)), promise: nil)
        if request.method != .HEAD { channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil) }
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
    }
}
