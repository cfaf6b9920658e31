import AsyncHTTPClient
import InMemoryTracing
import Instrumentation
import NIOCore
import NIOPosix
import OutboundHTTP
import Synchronization
import Testing
import Tracing

/// What others are told, and our logs, of the traces in which they are called.
@Suite("Tracing and others' servers")
struct TracingTests {
    @Test("A request made within a trace carries none of it, and is no span with its address: the client's own defaults would do both")
    func nothing() async throws {
        // A process has one tracer.
        await #expect(processExitsWith: .success) {
            let tracer = InMemoryTracer()
            InstrumentationSystem.bootstrap(tracer)
            let server = try await RecordingServer.start()
            let ours = OutboundHTTPClient(rootsPath: nil, connect: .seconds(5))
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(server.port)/order?signature=0123")
            try await withSpan("of ours") { _ in _ = try await ours.execute(request, timeout: .seconds(10)) }
            try await withSpan("of the client's defaults") { _ in _ = try await HTTPClient.shared.execute(request, timeout: .seconds(10)) }
            let heads = server.heads
            #expect(heads.count == 2)
            #expect(heads.first?.contains("in-memory-trace-id") == false)
            #expect(heads.last?.contains("in-memory-trace-id") == true)
            #expect(tracer.finishedSpans.map(\.operationName) == ["of ours", "GET", "of the client's defaults"])
            try await server.stop()
        }
    }
}

/// Answers every request with nothing, and keeps the heads of requests without a body.
private final class RecordingServer: Sendable {
    private let listener: any Channel
    private let recorded: Heads
    let port: Int

    var heads: [String] { recorded.list.withLock { $0 } }

    private final class Heads: Sendable {
        let list = Mutex<[String]>([])
    }

    private init(_ listener: any Channel, _ recorded: Heads) {
        self.listener = listener
        self.recorded = recorded
        port = listener.localAddress?.port ?? 0
    }

    static func start() async throws -> RecordingServer {
        let recorded = Heads()
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Handler(recorded)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return RecordingServer(listener, recorded)
    }

    func stop() async throws {
        try await listener.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let recorded: Heads
        private var received = ""

        init(_ recorded: Heads) {
            self.recorded = recorded
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard received.hasSuffix("\r\n\r\n") else { return }
            recorded.list.withLock { $0.append(received.lowercased()) }
            received = ""
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")), promise: nil)
        }
    }
}
