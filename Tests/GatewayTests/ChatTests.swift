import MeshCall
import NIOCore
import NIOPosix
import Testing

@Suite("Chat", .timeLimit(.minutes(1)))
struct ChatTests {
    @Test("Execution has the words first, the agent a narrowed token; the answer comes line by line")
    func answers() async throws {
        let gateway = TestGateway()
        try await gateway.test { (client) async throws in
            let answer = try await client.post("/v1/chat", #"{"text":"BTC"}"#)
            #expect(answer.status == 200)
            #expect(answer.header("content-type") == "application/x-ndjson")
            #expect(answer.text.hasSuffix("\n"))
            let lines = answer.lines
            #expect(lines.count == 4)
            #expect(lines.first?["text"] as? String == "Looking at BTC\nnow")
            #expect((lines[1]["tool"] as? [String: Any])?["name"] as? String == "price")
            #expect((lines[2]["proposal"] as? [String: Any])?["proposal_id"] as? String == "p1")
            #expect(lines[3]["done"] as? Bool == true)
        }
        #expect(gateway.seen.methods == ["RegisterUtterance", "NarrowToken", "Chat"])
        #expect(gateway.seen.all.map(\.token) == [.access, .access, .agent])
    }

    @Test("An answer that breaks off ends with the error")
    func breaksOff() async throws {
        try await TestGateway().test { (client) async throws in
            let lines = try await client.post("/v1/chat", #"{"text":"break"}"#).lines
            let error = lines.last?["error"] as? [String: Any]
            #expect(error?["code"] as? String == "UNAVAILABLE")
            #expect(error?["reason"] as? String == "MODEL_UNAVAILABLE")
            #expect(!lines.contains { $0["done"] != nil })
        }
    }

    @Test("A client that goes away ends the agent's work")
    func clientGoes() async throws {
        let gateway = TestGateway()
        try await gateway.testLive { port in
            let (received, continuation) = AsyncStream.makeStream(of: Void.self)
            let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { $0.pipeline.addHandler(Notifier(continuation)) }
                .connect(host: "127.0.0.1", port: port).get()
            let body = #"{"text":"endless"}"#
            let head = "POST /v1/chat HTTP/1.1\r\nhost: a\r\nauthorization: Bearer access:ada\r\ncontent-type: application/json\r\n"
            try await client.writeAndFlush(ByteBuffer(string: head + "content-length: \(body.utf8.count)\r\n\r\n" + body))
            for await _ in received { break }
            try await client.close()
            for await _ in gateway.ended { break }
        }
    }

    private final class Notifier: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let received: AsyncStream<Void>.Continuation

        init(_ received: AsyncStream<Void>.Continuation) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { received.yield() }
    }

    @Test("Without execution there is no chat")
    func withoutExecution() async throws {
        let gateway = TestGateway(absent: ["execution"])
        try await gateway.test { (client) async throws in
            let answer = try await client.post("/v1/chat", #"{"text":"BTC"}"#)
            #expect(answer.status == 503)
            #expect(answer.error["code"] == "UNAVAILABLE")
        }
        #expect(gateway.seen.methods.isEmpty)
    }
}
