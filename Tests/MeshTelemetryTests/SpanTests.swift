import InMemoryTracing
import MeshCall
import MeshTelemetry
import MetricsTestKit
import NIOCore
import Synchronization
import TestSupport
import Testing
import Tracing

struct SpanTests {
    private struct Broken: Error {
        let secret = "hunter2"
    }

    private let tracer = InMemoryTracer()

    private func channel(_ method: MethodImplementation, outermost: Outermost = Outermost()) -> any CallChannel {
        TestMesh.server([method], [outermost, ServerTelemetry(tracer: tracer)]).channel(as: TestMesh.peer("gateway"))
            .through(ClientTelemetry(peer: "execution", address: ("localhost", 7403), tracer: tracer))
    }

    private func finished(_ kind: SpanKind) -> FinishedInMemorySpan? {
        tracer.finishedSpans.first { $0.kind == kind }
    }

    @Test("Spans say what was called, by whom and how it ended, as OpenTelemetry's RPC conventions have it")
    func attributes() async throws {
        _ = try await channel(TestMesh.unary("Echo") { text, _ in text }).call("Echo")
        let server = try #require(finished(.server)), client = try #require(finished(.client))
        for span in [server, client] {
            #expect(span.operationName == "test.v1.Test/Echo")
            #expect(span.attributes["rpc.system"]?.toSpanAttribute() == .string("cryptopulse_mesh"))
            #expect(span.attributes["rpc.service"]?.toSpanAttribute() == .string("test.v1.Test"))
            #expect(span.attributes["rpc.method"]?.toSpanAttribute() == .string("Echo"))
            #expect(span.attributes["rpc.grpc.status_code"]?.toSpanAttribute() == .int64(0))
            #expect(span.attributes["error.type"] == nil)
            #expect(span.status == nil)
        }
        #expect(server.attributes["peer.service"]?.toSpanAttribute() == .string("gateway"))
        #expect(client.attributes["peer.service"]?.toSpanAttribute() == .string("execution"))
        #expect(client.attributes["server.address"]?.toSpanAttribute() == .string("localhost"))
        #expect(client.attributes["server.port"]?.toSpanAttribute() == .int64(7403))
    }

    @Test("An error that the service says is in both spans, an error only at the client's when it is the caller's")
    func callersFault() async throws {
        let channel = channel(TestMesh.unary("Fails") { _, _ in throw RPCError(.notFound, "There is no such order.") })
        #expect(await failure { try await channel.call("Fails") }?.code == .notFound)
        let server = try #require(finished(.server)), client = try #require(finished(.client))
        #expect(server.attributes["rpc.grpc.status_code"]?.toSpanAttribute() == .int64(5))
        #expect(server.attributes["error.type"]?.toSpanAttribute() == .string("NOT_FOUND"))
        #expect(server.status == nil)
        #expect(client.status?.code == .error && client.status?.message == "There is no such order.")
    }

    @Test("What a caller may not read is in no span")
    func inner() async throws {
        let channel = channel(TestMesh.unary("Breaks") { _, _ in throw Broken() })
        #expect(await failure { try await channel.call("Breaks") }?.code == .internalError)
        let server = try #require(finished(.server))
        #expect(server.status?.code == .error && server.status?.message == nil)
        #expect(server.attributes["rpc.grpc.status_code"]?.toSpanAttribute() == .int64(13))
        for span in tracer.finishedSpans {
            #expect(span.errors.isEmpty && span.events.isEmpty)
            #expect(!"\(span)".contains("hunter2"))
        }
    }

    @Test("A handler that its deadline stopped is an error of both sides")
    func deadline() async throws {
        let outermost = Outermost()
        let channel = channel(
            TestMesh.unary("Slow") { _, _ in
                await untilCancelled()
                throw CancellationError()
            }, outermost: outermost)
        #expect(await failure { try await channel.call("Slow", options: CallOptions(timeout: .milliseconds(30))) }?.code == .deadlineExceeded)
        await outermost.over.wait()
        #expect(finished(.client)?.attributes["error.type"]?.toSpanAttribute() == .string("DEADLINE_EXCEEDED"))
        #expect(finished(.client)?.status?.code == .error)
        // Who gives the call up first, the caller or the server, is a matter of microseconds.
        let server = try #require(finished(.server)?.attributes["error.type"]?.toSpanAttribute())
        #expect([.string("DEADLINE_EXCEEDED"), .string("CANCELLED")].contains(server))
    }

    @Test(
        "Of a handler that was stopped, the time says why", arguments: [true, false], [true, false])
    func stopped(timeIsOver: Bool, throwing: Bool) async throws {
        let context = ServerContext(
            method: TestMesh.descriptor("Slow"), peer: TestMesh.peer("gateway"), deadline: .now + .seconds(timeIsOver ? -1 : 60),
            logger: LogRecorder().logger)
        let telemetry = ServerTelemetry(tracer: tracer)
        let call = Task {
            try await telemetry.intercept(context) { _ in
                await untilCancelled()
                if throwing { throw CancellationError() }
            }
        }
        call.cancel()
        _ = await call.result
        let code = try #require(finished(.server)?.attributes["error.type"]?.toSpanAttribute())
        #expect(code == .string(timeIsOver ? "DEADLINE_EXCEEDED" : "CANCELLED"))
    }

    @Test("A stream's span lasts until its end has come")
    func stream() async throws {
        let goOn = Signal()
        let method = TestMesh.streaming("Two") { sink in
            try await sink.send(ByteBuffer(string: "1"))
            await goOn.wait()
            try await sink.send(ByteBuffer(string: "2"))
        }
        let replies = try await channel(method).stream("Two")
        var iterator = replies.makeAsyncIterator()
        #expect(try await iterator.next() != nil)
        #expect(finished(.client) == nil)
        goOn.raise()
        #expect(try await iterator.next() != nil)
        #expect(try await iterator.next() == nil)
        #expect(finished(.client)?.attributes["rpc.grpc.status_code"]?.toSpanAttribute() == .int64(0))
        withExtendedLifetime(replies) {}
        #expect(tracer.finishedSpans.filter { $0.kind == .client }.count == 1)
    }

    @Test("Of a stream that another interceptor made the end is seen too, once")
    func madeStream() async throws {
        for (count, letGo, code) in [(2, false, "OK"), (2, true, "CANCELLED"), (0, false, "DATA_LOSS")] {
            let metrics = TestMetrics()
            let made = Mutex(count)
            let telemetry = ClientTelemetry(peer: "test", metrics: metrics)
            let replies = try await telemetry.serverStreaming(TestMesh.descriptor("Made", .serverStreaming), options: CallOptions()) { _ in
                ReplyStream(
                    next: {
                        if count == 0 { throw RPCError(.dataLoss, "Gone.") }
                        return made.withLock { made in
                            made -= 1
                            return made < 0 ? nil : ByteBuffer(string: "x")
                        }
                    }, cancel: {})
            }
            _ = await failure { for try await _ in replies where letGo { break } }
            _ = consume replies
            #expect(metrics.counterTotal(label: "mesh_client_calls", dimensions: [("code", code)]) == 1, "\(code)")
            #expect(metrics.counterTotal(label: "mesh_client_calls") == 1)
        }
    }

    @Test("A stream that fails half-way has its code, one that is let go of is CANCELLED")
    func streamFailures() async throws {
        let fails = TestMesh.streaming("Fails") { sink in
            try await sink.send(ByteBuffer(string: "1"))
            throw RPCError(.dataLoss, "The rest is gone.")
        }
        #expect(await failure { for try await _ in try await channel(fails).stream("Fails") {} }?.code == .dataLoss)
        #expect(finished(.client)?.attributes["error.type"]?.toSpanAttribute() == .string("DATA_LOSS"))
        tracer.clearAll()
        let outermost = Outermost()
        let endless = TestMesh.streaming("Endless") { sink in
            try await sink.send(ByteBuffer(string: "1"))
            await untilCancelled()
        }
        let other = channel(endless, outermost: outermost)
        for try await _ in try await other.stream("Endless") { break }
        // The server hears of it after the client's own end.
        await outermost.over.wait()
        #expect(finished(.client)?.attributes["error.type"]?.toSpanAttribute() == .string("CANCELLED"))
    }

    @Test("Calls whose client streams are spans too, well ended by their answer")
    func clientStreams() async throws {
        let sum = MethodImplementation(
            TestMesh.descriptor("Count", .clientStreaming),
            .clientStreaming { requests, _ in
                var count = 0
                for try await _ in requests { count += 1 }
                return ByteBuffer(string: "\(count)")
            })
        let call = try await channel(sum).clientStreaming(sum.descriptor, options: CallOptions())
        for text in ["a", "b"] { try await call.requests.send(ByteBuffer(string: text)) }
        #expect(String(buffer: try await call.reply().message) == "2")
        #expect(finished(.client)?.attributes["rpc.grpc.status_code"]?.toSpanAttribute() == .int64(0))
        tracer.clearAll()
        let echo = MethodImplementation(
            TestMesh.descriptor("Echo", .bidirectional),
            .bidirectional { requests, sink, _ in for try await message in requests { try await sink.send(message) } })
        let both = try await channel(echo).bidirectional(echo.descriptor, options: CallOptions())
        try await both.requests.send(ByteBuffer(string: "x"))
        try await both.requests.finish()
        var count = 0
        for try await _ in both.replies { count += 1 }
        #expect(count == 1)
        #expect(finished(.client)?.operationName == "test.v1.Test/Echo")
        #expect(finished(.client)?.attributes["rpc.grpc.status_code"]?.toSpanAttribute() == .int64(0))
    }
}
