import InMemoryTracing
import Instrumentation
import MeshCall
import MeshTelemetry
import Testing

struct HostileHeaderTests {
    private static let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    /// What a handler and a tracer get to see of a call with these headers.
    private func seen(_ metadata: Metadata) async throws -> String {
        let tracer = W3CTracer()
        let show: @Sendable (String, ServerContext) -> String = { _, _ in
            let context = ServiceContext.current
            return "\(context?.traceContext?.parent.header ?? "-") \(context?.traceContext?.state?.header ?? "-") \(context?.baggage?.header ?? "-")"
        }
        let server = TestMesh.server([TestMesh.unary("Show") { show($0, $1) }], [ServerTelemetry()])
        let traced = TestMesh.server([TestMesh.unary("Show") { show($0, $1) }], [ServerTelemetry(tracer: tracer)])
        let options = CallOptions(metadata: metadata)
        let plain = try await server.channel(as: TestMesh.peer("gateway")).call("Show", options: options)
        _ = try await traced.channel(as: TestMesh.peer("gateway")).call("Show", options: options)
        let isRoot = tracer.finished.first?.traceID != "0af7651916cd43dd8448eb211c80319c"
        return "\(plain) \(isRoot ? "root" : "child")"
    }

    @Test("A well-formed trace is seen")
    func wellFormed() async throws {
        #expect(try await seen(["traceparent": Self.parent, "tracestate": "a=1", "baggage": "k=v"]) == "\(Self.parent) a=1 k=v child")
    }

    @Test(
        "A trace that is malformed, doubled or too long is as if it had not come",
        arguments: [
            ["traceparent": "garbage", "tracestate": "a=1"], ["traceparent": parent, "traceparent": parent],
            ["traceparent": parent.uppercased()], ["tracestate": "a=1"], ["traceparent": parent + String(repeating: "0", count: 4000)],
            ["traceparent": "00-00000000000000000000000000000000-b7ad6b7169203331-01"],
        ] as [Metadata])
    func noTrace(metadata: Metadata) async throws {
        #expect(try await seen(metadata) == "- - - root")
    }

    @Test(
        "A malformed state or baggage goes, the trace stays",
        arguments: [
            ["traceparent": parent, "tracestate": "NOT A STATE"], ["traceparent": parent, "baggage": "no=\"quotes\""],
            ["traceparent": parent, "tracestate": "a=" + String(repeating: "v", count: 600)],
            ["traceparent": parent, "baggage": "a=" + String(repeating: "v", count: 8192)],
            ["traceparent": parent, "baggage": "a=1", "baggage": "\u{1}"],
        ] as [Metadata])
    func stateDropped(metadata: Metadata) async throws {
        #expect(try await seen(metadata) == "\(Self.parent) - - child")
    }

    @Test("A tracer is not given credentials, nor what is long or not plain, and cannot send them")
    func extractor() {
        let metadata: Metadata = ["authorization": "Bearer x", "x-b3": "ok", "x-long": String(repeating: "l", count: 513), "x-odd": "a\u{7}"]
        let extractor = MetadataExtractor()
        #expect(extractor.extract(key: "Authorization", from: metadata) == nil)
        #expect(extractor.extract(key: "X-B3", from: metadata) == "ok")
        #expect(extractor.extract(key: "x-long", from: metadata) == nil)
        #expect(extractor.extract(key: "x-odd", from: metadata) == nil)
        var sent: Metadata = ["authorization": "Bearer x", "x-b3": "old", "x-b3": "older"]
        MetadataInjector().inject("Bearer y", forKey: "Authorization", into: &sent)
        MetadataInjector().inject("new", forKey: "X-B3", into: &sent)
        #expect(sent == ["authorization": "Bearer x", "x-b3": "new"])
    }
}
