import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

/// An exchange that tells the time properly, closes that connection, and then does to the next request what a test wants. On a free port.
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
    private let counter: NIOLockedValueBox<Counts>

    struct Counts {
        /// Orders that have come whole, placed or asked for.
        var orderRequests = 0
        /// What has come without being whole.
        var unfinished: [String] = []
        var connections = 0
    }

    private init(_ channel: any Channel, port: Int, counter: NIOLockedValueBox<Counts>) {
        self.channel = channel
        self.port = port
        self.counter = counter
    }

    var counts: Counts { counter.withLockedValue { $0 } }

    static func with(_ fault: Fault, _ body: (FaultyServer) async throws -> Void) async throws {
        let counter = NIOLockedValueBox(Counts())
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
        private let counter: NIOLockedValueBox<Counts>
        private var received = ""

        init(_ fault: Fault, _ counter: NIOLockedValueBox<Counts>) {
            self.fault = fault
            self.counter = counter
        }

        private var isWhole: Bool {
            guard let head = received.range(of: "\r\n\r\n") else { return false }
            let length = received[..<head.lowerBound].lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
            return received[head.upperBound...].utf8.count >= length.flatMap { Int($0.dropFirst("content-length: ".count)) } ?? 0
        }

        func channelActive(context: ChannelHandlerContext) {
            counter.withLockedValue { $0.connections += 1 }
        }

        func channelInactive(context: ChannelHandlerContext) {
            if !received.isEmpty { counter.withLockedValue { $0.unfinished.append(received) } }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard isWhole else { return }
            let isTime = received.hasPrefix("GET /api/v3/time")
            received = ""
            guard !isTime else {
                return write(FaultyServer.reply("200 OK", #"{"serverTime":1790000000000}"#, headers: "Connection: close\r\n"), context)
            }
            counter.withLockedValue { $0.orderRequests += 1 }
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
