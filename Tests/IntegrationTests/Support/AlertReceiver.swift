import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A receiver of audit's alerts: HTTP on a free port of this machine, without TLS, which knows no clock but its own.
final class AlertReceiver: Sendable {
    struct Post: Sendable {
        /// The header that proves whose it is.
        var signature: String
        var body: [UInt8]

        /// What stands in the body under a name, as text.
        func text(_ name: String) -> String {
            let members = (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any]
            return members?[name] as? String ?? ""
        }
    }

    let url: String
    private let channel: any Channel
    private let received: Received

    private final class Received: Sendable {
        let posts = Mutex<[Post]>([])
    }

    private init(_ channel: any Channel, _ received: Received) {
        self.channel = channel
        self.received = received
        url = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/alerts"
    }

    var posts: [Post] { received.posts.withLock { $0 } }

    /// Runs `body` with a receiver that is gone afterwards.
    static func with<T>(_ body: (AlertReceiver) async throws -> T) async throws -> T {
        let received = Received()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(PostHandler { post in received.posts.withLock { $0.append(post) } })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await body(AlertReceiver(channel, received))
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }
}

/// Takes one post after the other.
private final class PostHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let take: @Sendable (AlertReceiver.Post) -> Void
    private var post = AlertReceiver.Post(signature: "", body: [])

    init(_ take: @escaping @Sendable (AlertReceiver.Post) -> Void) {
        self.take = take
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): post = .init(signature: head.headers.first(name: "cryptopulse-signature") ?? "", body: [])
        case .body(let bytes): post.body += Array(buffer: bytes)
        case .end:
            take(post)
            context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: ["content-length": "0"]))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
