import NIOCore
import NIOPosix

/// Accepts connections and never says a word.
struct PlainListener: Sendable {
    let channel: any Channel
    var port: Int { channel.localAddress?.port ?? 0 }

    static func start() async throws -> PlainListener {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
        return PlainListener(channel: channel)
    }
}
