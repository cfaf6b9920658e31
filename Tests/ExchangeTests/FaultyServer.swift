import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

/// An exchange that tells the time properly and then does to the next request what a test wants. On a free port.
final class FaultyServer: Sendable {
    /// What happens to requests other than for the time. The bytes of the request have been read in every case.
    enum Fault: Sendable {
        case closes
        case neverAnswers
        case answers(String)
        /// Sends a part of what it announced and closes.
        case breaksOff
    }

    let port: Int
    private let channel: any Channel
    private let counter: NIOLockedValueBox<Int>

    private init(_ channel: any Channel, port: Int, counter: NIOLockedValueBox<Int>) {
        self.channel = channel
        self.port = port
        self.counter = counter
    }

    /// Orders that have come, placed or asked for.
    var orderRequests: Int { counter.withLockedValue { $0 } }

    static func with(_ fault: Fault, _ body: (FaultyServer) async throws -> Void) async throws {
        let counter = NIOLockedValueBox(0)
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Handler(fault, counter)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = FaultyServer(channel, port: try #require(channel.localAddress?.port), counter: counter)
        do {
            try await body(server)
        } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }

    static func reply(_ status: String, _ body: String, headers: String = "") -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let fault: Fault
        private let counter: NIOLockedValueBox<Int>
        private var received = ""

        init(_ fault: Fault, _ counter: NIOLockedValueBox<Int>) {
            self.fault = fault
            self.counter = counter
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard received.hasSuffix("\r\n\r\n") else { return }
            let isTime = received.hasPrefix("GET /api/v3/time")
            received = ""
            guard !isTime else { return write(FaultyServer.reply("200 OK", #"{"serverTime":1790000000000}"#), context) }
            counter.withLockedValue { $0 += 1 }
            switch fault {
            case .closes: context.close(promise: nil)
            case .neverAnswers: break
            case .answers(let text): write(text, context)
            case .breaksOff:
                write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"symbol\":", context)
                context.close(promise: nil)
            }
        }

        private func write(_ text: String, _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }
    }
}
