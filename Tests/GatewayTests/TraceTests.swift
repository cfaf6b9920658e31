@testable import Gateway
import HTTPTypes
import Hummingbird
import MeshTelemetry
import ServiceKit
import Telemetry
import Testing
import TestSupport

@Suite("A request's trace", .timeLimit(.minutes(1)))
struct TraceTests {
    private static let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    private let recorder = LogRecorder(provider: .meshTrace)

    private func gateway(_ ratio: Double = 1, absent: Set<String> = []) throws -> (TestGateway, LogTracer) {
        let tracer = LogTracer(recorder.logger, sampling: try #require(SamplingRatio(ratio)))
        return (TestGateway(absent: absent, tracer: tracer, logger: recorder.logger), tracer)
    }

    private func headers(_ values: String...) throws -> HTTPFields {
        let name = try #require(HTTPField.Name(TraceParent.headerName))
        return HTTPFields(values.map { HTTPField(name: name, value: $0) })
    }

    private func place(_ answer: APIClient.Answer) throws -> TraceParent {
        try #require(answer.header("traceresponse").flatMap(TraceParent.init(_:)))
    }

    /// The facts of the spans, but names, which have blanks.
    private func spans(_ tracer: LogTracer) -> [(line: String, facts: [Substring: Substring])] {
        tracer.forceFlush()
        return recorder.lines.filter { $0.hasPrefix("info span ") }.map { line in
            let pairs = line.split(separator: " ").compactMap { (word: Substring) -> (Substring, Substring)? in
                word.firstIndex(of: "=").map { (word[..<$0], word[word.index(after: $0)...]) }
            }
            return (line, Dictionary(pairs, uniquingKeysWith: { $1 }))
        }
    }

    @Test("A traceparent is taken up: span, calls and answer are of its trace, each below the other")
    func continued() async throws {
        let (gateway, tracer) = try gateway(0)
        try await gateway.test { (client) async throws in
            let answer = try await client.get("/v1/orders", headers: try headers(Self.header))
            let place = try place(answer)
            #expect(place.traceIDText == "4bf92f3577b34da6a3ce929d0e0e4736" && place.isSampled)
            let spans = spans(tracer)
            let server = try #require(spans.first { $0.facts["kind"] == "server" })
            let call = try #require(spans.first { $0.facts["kind"] == "client" })
            #expect(spans.count == 2 && spans.allSatisfy { $0.facts["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736" })
            #expect(server.facts["parent_span_id"] == "00f067aa0ba902b7" && server.facts["span_id"] ?? "" == place.spanIDText)
            #expect(call.facts["parent_span_id"] == server.facts["span_id"])
            #expect(gateway.seen.all.map { $0.trace?.spanIDText } == [call.facts["span_id"].map(String.init)])
            #expect(server.line.contains(" name=GET /v1/orders ") && server.facts["http.response.status_code"] == "200")
            #expect(server.facts["request_id"].map(String.init) == answer.header("x-request-id"))
        }
    }

    @Test("Without a good one the request begins a trace and succeeds", arguments: [
        [], ["nonsense"], [""], [String(repeating: "0", count: 10_000)], ["00-00000000000000000000000000000000-00f067aa0ba902b7-01"],
        [header, header], ["00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01"],
    ])
    func begun(_ values: [String]) async throws {
        let (gateway, tracer) = try gateway()
        try await gateway.test { (client) async throws in
            let name = try #require(HTTPField.Name(TraceParent.headerName))
            let answer = try await client.get("/v1/orders", headers: HTTPFields(values.map { HTTPField(name: name, value: $0) }))
            #expect(answer.status == 200)
            let place = try place(answer)
            #expect(place.traceIDText != "4bf92f3577b34da6a3ce929d0e0e4736")
            let server = try #require(spans(tracer).first { $0.facts["kind"] == "server" })
            #expect(server.facts["parent_span_id"] == nil && server.facts["trace_id"].map(String.init) == place.traceIDText)
        }
    }

    @Test("A caller who does not record is not recorded, and its trace is passed on all the same")
    func notSampled() async throws {
        let (gateway, tracer) = try gateway()
        try await gateway.test { (client) async throws in
            let place = try place(try await client.get("/v1/orders", headers: try headers(String(Self.header.dropLast()) + "0")))
            #expect(!place.isSampled && spans(tracer).isEmpty)
            let passed = try #require(gateway.seen.all.first?.trace)
            #expect(passed.traceID == place.traceID && !passed.isSampled)
        }
    }

    @Test("Callers' sampled flags bring no more lines than the limit for all of them lets")
    func flood() async throws {
        let (gateway, tracer) = try gateway(0)
        try await gateway.test { (client) async throws in
            let begin = ContinuousClock.now
            for _ in 0..<RequestTrace.wishes.burst + 30 {
                let answer = try await client.get("/healthz", token: nil, headers: try headers(Self.header))
                let place = try place(answer)
                #expect(answer.status == 200 && place.traceIDText == "4bf92f3577b34da6a3ce929d0e0e4736")
            }
            // One a second comes back meanwhile.
            let most = RequestTrace.wishes.burst + 1 + Int(begin.duration(to: .now) / .seconds(1))
            let recorded = spans(tracer).count
            #expect((RequestTrace.wishes.burst...most).contains(recorded))
            #expect(recorded < RequestTrace.wishes.burst + 30)
        }
    }

    @Test("A refusal's log line bears the trace, and its answer too")
    func refused() async throws {
        let (gateway, tracer) = try gateway()
        try await gateway.test { (client) async throws in
            let answer = try await client.get("/v1/orders", token: "nonsense", headers: try headers(Self.header))
            #expect(answer.status == 401)
            let span = try place(answer).spanIDText
            let line = try #require(recorder.lines.first { $0.contains(" request ") && $0.contains("status=401") })
            #expect(line.contains("trace_id=4bf92f3577b34da6a3ce929d0e0e4736") && line.contains("span_id=\(span)"))
            let facts = try #require(spans(tracer).first?.facts)
            #expect(facts["http.response.status_code"] == "401" && facts["status"] == "unset")
        }
    }

    @Test("A fault here makes the span an error; a path that does not exist is not written to the log")
    func failed() async throws {
        let (gateway, tracer) = try gateway(absent: ["execution"])
        try await gateway.test { (client) async throws in
            #expect(try await client.get("/v1/orders").status == 503)
            #expect(try await client.get("/secret/path/of/somebody").status == 404)
            let spans = spans(tracer).filter { $0.facts["kind"] == "server" }
            #expect(spans.map { $0.facts["status"] } == ["error", "unset"])
            #expect(!recorder.lines.contains { $0.contains("somebody") })
        }
    }

    @Test("The span of a streamed answer lasts until its end, and what is logged meanwhile bears the trace")
    func streamed() async throws {
        let (gateway, tracer) = try gateway()
        try await gateway.test { (client) async throws in
            let answer = try await client.post("/v1/chat", #"{"text":"break"}"#, headers: try headers(Self.header))
            #expect(answer.lines.last?["error"] != nil)
            let spans = spans(tracer)
            #expect(Set(gateway.seen.all.map { $0.trace?.traceIDText }) == ["4bf92f3577b34da6a3ce929d0e0e4736"])
            #expect(gateway.seen.methods.count == 3 && spans.count == 4)
            // The call's stream ended before the request did.
            #expect(spans.last?.facts["kind"] == "server")
            let line = try #require(recorder.lines.first { $0.contains("answer broke off") })
            #expect(line.contains("trace_id=4bf92f3577b34da6a3ce929d0e0e4736"))
        }
    }

    @Test("A browser's program may send the trace, and read it in the answer")
    func crossOrigin() async throws {
        try await TestGateway(allowedOrigins: ["https://console.example.org"]).test { (client) async throws in
            let answer = try await client.get("/v1/orders", headers: [.origin: "https://console.example.org"])
            #expect(answer.header("access-control-expose-headers")?.contains("traceresponse") == true)
            let preflight = try await client.send("/v1/orders", .options, [.origin: "https://console.example.org"], nil, nil)
            #expect(preflight.header("access-control-allow-headers")?.contains("traceparent") == true)
        }
    }
}
