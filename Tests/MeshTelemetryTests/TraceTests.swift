import InMemoryTracing
import Instrumentation
import MeshCall
import MeshTelemetry
import NIOCore
import Testing
import Tracing

struct TraceTests {
    /// gateway → agent → execution, each with telemetry around its server and its client.
    private static func threeHops(
        _ tracer: (any Tracer)?, last: @escaping @Sendable (ServerContext) -> String
    ) -> any CallChannel {
        let execution = TestMesh.server([TestMesh.unary("Third") { _, context in last(context) }], [ServerTelemetry(tracer: tracer)])
        let third = execution.channel(as: TestMesh.peer("agent")).through(ClientTelemetry(peer: "execution", tracer: tracer))
        let agent = TestMesh.server([TestMesh.unary("Second") { _, _ in try await third.call("Third") }], [ServerTelemetry(tracer: tracer)])
        let second = agent.channel(as: TestMesh.peer("gateway")).through(ClientTelemetry(peer: "agent", tracer: tracer))
        let gateway = TestMesh.server([TestMesh.unary("First") { _, _ in try await second.call("Second") }], [ServerTelemetry(tracer: tracer)])
        return gateway.channel(as: TestMesh.peer("gateway")).through(ClientTelemetry(peer: "gateway", tracer: tracer))
    }

    @Test("Over three hops there is one trace, and each span is the child of the one that called it")
    func threeHops() async throws {
        let tracer = W3CTracer()
        let channel = Self.threeHops(tracer) { _ in "done" }
        #expect(try await channel.call("First") == "done")
        let chain = try ["First", "Second", "Third"].flatMap { name in
            let name = "\(TestMesh.service)/\(name)"
            return [try #require(tracer.finished(name, .client)), try #require(tracer.finished(name, .server))]
        }
        #expect(tracer.finished.count == 6)
        #expect(Set(chain.map(\.traceID)).count == 1)
        #expect(chain[0].parentSpanID == nil)
        for (parent, child) in zip(chain, chain.dropFirst()) { #expect(child.parentSpanID == parent.spanID) }
    }

    @Test("A caller's trace goes on in the spans of the server")
    func callersTrace() async throws {
        let tracer = W3CTracer()
        let server = TestMesh.server([TestMesh.unary("Echo") { text, _ in text }], [ServerTelemetry(tracer: tracer)])
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        _ = try await server.channel(as: TestMesh.peer("gateway")).call("Echo", options: CallOptions(metadata: ["traceparent": header]))
        let span = try #require(tracer.finished.first)
        #expect(span.traceID == "0af7651916cd43dd8448eb211c80319c")
        #expect(span.parentSpanID == "b7ad6b7169203331")
    }

    @Test("Deadlines are inherited through the same hops")
    func deadline() async throws {
        let channel = Self.threeHops(W3CTracer()) { context in "\((context.deadline - .now) / .milliseconds(1))" }
        let left = try #require(Double(try await channel.call("First", options: CallOptions(timeout: .seconds(5)))))
        #expect(left > 1000 && left <= 4980)
    }

    @Test("Without any tracer the trace passes through a service as it came, with its state and its baggage")
    func withoutTracer() async throws {
        let channel = Self.threeHops(nil) { context in
            context.metadata.entries.filter { $0.key != "x-request-id" }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
        }
        let metadata: Metadata = [
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "rojo=00f067aa0ba902b7",
            "tracestate": "congo=t61rcWkgMzE", "baggage": "shop=one;p=1,note=a%20b",
        ]
        #expect(
            try await channel.call("First", options: CallOptions(metadata: metadata)) == """
                traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
                tracestate: rojo=00f067aa0ba902b7,congo=t61rcWkgMzE
                baggage: shop=one;p=1,note=a%20b
                """)
    }

    @Test("A call that belongs to no trace begins none without a tracer")
    func nothingInvented() async throws {
        let channel = Self.threeHops(nil) { context in
            "\(context.metadata["traceparent"] ?? "none") \(ServiceContext.current.map { "\($0.count)" } ?? "none")"
        }
        #expect(try await channel.call("First") == "none none")
    }

    @Test("A tracer that speaks another format does not break the W3C's")
    func otherFormat() async throws {
        struct Silent: Instrument {
            func inject<Carrier, Inject: Injector>(_ context: ServiceContext, into carrier: inout Carrier, using injector: Inject)
            where Inject.Carrier == Carrier { injector.inject("1", forKey: "X-Own", into: &carrier) }
            func extract<Carrier, Extract: Extractor>(_ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract)
            where Extract.Carrier == Carrier {}
        }
        var context = ServiceContext.topLevel
        context.traceContext = TraceContext(parent: try #require(TraceParent(traceID: 1, spanID: 2)))
        let server = TestMesh.server(
            [TestMesh.unary("Keys") { _, context in context.metadata.entries.map(\.key).joined(separator: " ") }], [ServerTelemetry()])
        let channel = server.channel(as: TestMesh.peer("gateway")).through(ClientTelemetry(peer: "test", tracer: OwnTracer(carrier: Silent())))
        #expect(try await ServiceContext.withValue(context) { try await channel.call("Keys") } == "x-own traceparent")
    }

    @Test("Baggage that a handler sets travels with the calls that it makes")
    func baggage() async throws {
        let inner = TestMesh.server(
            [TestMesh.unary("Inner") { _, _ in ServiceContext.current?.baggage?["shop"] ?? "none" }], [ServerTelemetry()])
        let channel = inner.channel(as: TestMesh.peer("agent")).through(ClientTelemetry(peer: "inner"))
        let outer = TestMesh.server(
            [
                TestMesh.unary("Outer") { _, _ in
                    var context = ServiceContext.current ?? .topLevel
                    var baggage = Baggage()
                    baggage["shop"] = "Zoë's"
                    context.baggage = baggage
                    return try await ServiceContext.withValue(context) { try await channel.call("Inner") }
                }
            ], [ServerTelemetry()])
        #expect(try await outer.channel(as: TestMesh.peer("gateway")).call("Outer") == "Zoë's")
    }
}

/// Spans without meaning, and a carrier of one's own.
private struct OwnTracer: Tracer {
    let carrier: any Instrument

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> NoOpTracer.NoOpSpan { NoOpTracer.NoOpSpan(context: context()) }

    func forceFlush() {}

    func inject<Carrier, Inject: Injector>(_ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject)
    where Inject.Carrier == Carrier { self.carrier.inject(context, into: &carrier, using: injector) }

    func extract<Carrier, Extract: Extractor>(_ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract)
    where Extract.Carrier == Carrier {}
}
