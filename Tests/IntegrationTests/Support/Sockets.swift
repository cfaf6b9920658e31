import Foundation
import NIOCore
import NIOPosix
import ServiceKit
import TestSupport

/// A raw TCP connection of somebody who does not know the protocol.
struct Stranger {
    private let channel: any Channel

    static func connect(to endpoint: Endpoint) async throws -> Stranger {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: endpoint.host, port: endpoint.port).get()
        return Stranger(channel: channel)
    }

    func send(_ bytes: [UInt8]) async throws {
        // The other end may close while we still write: that is its right.
        try? await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    func waitUntilClosed() async throws {
        try await channel.closeFuture.get()
    }

    func close() async {
        try? await channel.close().get()
    }
}

/// A loopback server that repeats what it hears, without TLS: it shows that a capture would see what is there to be seen.
struct PlaintextLoop {
    private let server: any Channel
    let port: Int

    static func start() async throws -> PlaintextLoop {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { $0.pipeline.addHandler(Repeat()) }
            .bind(host: "127.0.0.1", port: 0).get()
        return PlaintextLoop(server: server, port: server.localAddress?.port ?? 0)
    }

    /// Returns when the words have come back.
    func say(_ words: String) async throws {
        let heard = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Void.self)
        let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(Listen(expecting: words.utf8.count, heard: heard)) }
            .connect(host: "127.0.0.1", port: port).get()
        try await client.writeAndFlush(ByteBuffer(string: words)).get()
        try await heard.futureResult.get()
        try await client.close().get()
    }

    func stop() async throws {
        try await server.close().get()
    }

    private final class Repeat: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(unwrapInboundIn(data)), promise: nil)
        }
    }

    private final class Listen: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer

        private var missing: Int
        private let heard: EventLoopPromise<Void>

        init(expecting count: Int, heard: EventLoopPromise<Void>) {
            missing = count
            self.heard = heard
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            missing -= unwrapInboundIn(data).readableBytes
            if missing <= 0 { heard.succeed() }
        }
    }
}

/// tcpdump on loopback, limited to the given ports of this machine.
enum Capture {
    /// Bytes that a capture of a few calls is longer than.
    static let someTraffic = 10_000

    /// - Parameter seen: whether what was written so far is all that the work was to leave.
    static func bytes(on ports: [Int], until seen: (Data) -> Bool, during work: () async throws -> Void) async throws -> Data {
        let file = FileManager.default.temporaryDirectory.appending(path: "capture-\(UUID().uuidString).pcap")
        defer { try? FileManager.default.removeItem(at: file) }
        let filter = ports.map { "tcp port \($0)" }.joined(separator: " or ")
        // -U writes each packet as it comes, so that ending it loses nothing.
        let tcpdump = Task {
            try await ProgramRun.of("tcpdump", ["-i", "lo", "-s", "0", "-U", "--immediate-mode", "-Z", "root", "-w", file.path, filter])
        }
        defer { tcpdump.cancel() }
        // The file's header is there once it listens.
        try await eventually("the capture begins") { ((try? Data(contentsOf: file)) ?? Data()).count >= 24 }
        try await work()
        try await eventually("the capture is written") { try seen(Data(contentsOf: file)) }
        return try Data(contentsOf: file)
    }
}
