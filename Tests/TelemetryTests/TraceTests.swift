import Dispatch
import Foundation
import Instrumentation
import Logging
import MeshCall
import MeshTelemetry
import Redaction
import Synchronization
import Testing
import Tracing
@testable import Telemetry

@Suite("Traces in the log", .timeLimit(.minutes(1)))
struct TraceTests {
    private let lines = SpanLines()

    private func below(_ header: String) -> InstrumentationContext {
        var context = InstrumentationContext.topLevel
        context.traceContext = TraceParent(header).map { TraceContext(parent: $0) }
        return context
    }

    @Test("A finished span is one line: name, ids, kind, times, status and attributes")
    func line() throws {
        let tracer = try lines.tracer()
        let start = DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: 1_772_366_400_123_000_000)
        let span = tracer.startSpan("audit.v1.Audit/Append", context: .topLevel, ofKind: .client, at: start)
        span.attributes["rpc.system"] = "mesh"
        span.attributes["rpc.grpc.status_code"] = 14
        span.attributes["http.response.status_code"] = 200
        span.setStatus(SpanStatus(code: .error, message: "The peer cannot be reached."))
        span.end(at: DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: 1_772_366_400_125_056_000))
        let facts = try #require(try lines.all(of: tracer).first)
        let place = try #require(span.context.traceContext?.parent)
        let expected = [
            "message": "span", "level": "info", "name": "audit.v1.Audit/Append", "kind": "client", "trace_id": place.traceIDText,
            "span_id": place.spanIDText, "start": "2026-03-01T12:00:00.123Z", "duration_ms": "2.056", "status": "error",
            "status_message": "The peer cannot be reached.", "rpc.system": "mesh", "rpc.grpc.status_code": "14",
            "http.response.status_code": "200",
        ]
        for (name, value) in expected { #expect(facts[name] == value, "\(name)") }
        #expect(facts["parent_span_id"] == nil)
    }

    @Test("A span below another has its trace and names it as parent, also over a call's metadata, with tracestate")
    func parents() throws {
        let tracer = try lines.tracer()
        var context = below("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        context.traceContext?.state = TraceState(["vendor=1"])
        let client = tracer.startSpan("client", context: context, ofKind: .client)
        var metadata = Metadata()
        tracer.inject(client.context, into: &metadata, using: MetadataInjector())
        var received = InstrumentationContext.topLevel
        tracer.extract(metadata, into: &received, using: MetadataExtractor())
        let server = tracer.startSpan("server", context: received, ofKind: .server)
        #expect(server.context.traceContext?.state == TraceState(["vendor=1"]))
        server.end()
        client.end()
        let written = try lines.all(of: tracer)
        try #require(written.map { $0["name"] } == ["server", "client"])
        #expect(written.allSatisfy { $0["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736" })
        #expect(written[1]["parent_span_id"] == "00f067aa0ba902b7")
        #expect(written[0]["parent_span_id"] == written[1]["span_id"] && written[0]["span_id"] != written[1]["span_id"])
    }

    @Test("The parent's sampled flag decides, whatever the ratio; it goes on to those below", arguments: [("00", 1.0), ("01", 0.0)])
    func parentDecides(flags: String, ratio: Double) throws {
        let tracer = try lines.tracer(ratio)
        let span = tracer.startSpan("a", context: below("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-\(flags)"))
        let isRecorded = flags == "01"
        #expect(span.isRecording == isRecorded)
        var metadata = Metadata()
        tracer.inject(span.context, into: &metadata, using: MetadataInjector())
        #expect(metadata["traceparent"]?.hasSuffix("-\(flags)") == true)
        span.attributes["a"] = 1
        span.end()
        #expect(try lines.all(of: tracer).count == (isRecorded ? 1 : 0))
    }

    @Test("The ratio chooses among the traces that begin here: none, all, or about its share")
    func ratio() throws {
        for (ratio, expected) in [(0.0, 0...0), (1.0, 2000...2000), (0.25, 380...620)] {
            let tracer = try lines.tracer(ratio)
            let chosen = (0..<2000).filter { _ in tracer.startSpan("a", context: .topLevel).isRecording }
            #expect(expected.contains(chosen.count), "\(ratio)")
        }
        for wrong in [-0.01, 1.01, .nan, .infinity] { #expect(SamplingRatio(wrong) == nil) }
    }

    @Test(
        "A malformed traceparent is as if none had come: a new trace",
        arguments: [
            "", "nonsense", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-rest",
        ])
    func malformed(_ header: String) throws {
        struct Plain: Extractor {
            func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        }
        let tracer = try lines.tracer()
        var context = InstrumentationContext.topLevel
        tracer.extract(["traceparent": header], into: &context, using: Plain())
        #expect(context.traceContext == nil)
        tracer.startSpan("a", context: context).end()
        let facts = try #require(try lines.all(of: tracer).first)
        #expect(facts["parent_span_id"] == nil && facts["trace_id"] != "4bf92f3577b34da6a3ce929d0e0e4736")
    }

    @Test("Secrets are written neither in names, values, events, nor in a message, also where a long text is cut")
    func redacted() throws {
        let tracer = try lines.tracer()
        let key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
        let span = tracer.startSpan("span \(key)", context: .topLevel)
        span.attributes["password"] = "hunter2"
        span.attributes["long"] = String(repeating: "- ", count: 118) + key
        span.addEvent(SpanEvent(name: "signed", attributes: ["token": "zulu-7", "key": .string(key)]))
        span.setStatus(SpanStatus(code: .error, message: "mail to ann@example.org"))
        span.end()
        let text = "\(try lines.all(of: tracer))"
        for secret in [String(key.prefix(12)), "hunter2", "zulu-7", "ann@example.org"] { #expect(!text.contains(secret), "\(secret)") }
        #expect(text.contains("signed") && text.contains("mail to"))
    }

    @Test("Attributes, events, links and texts are bounded; what was dropped is counted")
    func bounded() throws {
        let tracer = try lines.tracer()
        let span = tracer.startSpan(String(repeating: "n", count: 10_000), context: .topLevel)
        span.attributes["z"] = "kept"
        for number in 10..<40 { span.attributes["a\(number)"] = String(repeating: "é ", count: 10_000) }
        span.attributes["list"] = (0..<1000).map { $0 }
        for number in 0..<20 { span.addEvent(SpanEvent(name: "e\(number)", attributes: ["x": .string(String(repeating: "y ", count: 1000))])) }
        for _ in 0..<20 { span.addLink(SpanLink(context: below("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), attributes: [:])) }
        span.end()
        let facts = try #require(try lines.all(of: tracer).first)
        #expect(facts["z"] == "kept")
        #expect(facts.keys.filter { $0.hasPrefix("a") }.count == SpanRecord.maxAttributes - 1)
        #expect(facts.keys.filter { $0.hasPrefix("event.") }.count == SpanRecord.maxEvents)
        #expect(facts["links"]?.split(separator: ",").count == SpanRecord.maxLinks)
        #expect(facts.filter { !$0.key.hasPrefix("event.") && $0.key != "links" }.allSatisfy { $0.value.utf8.count <= SpanText.maxBytes })
        #expect(facts["dropped"] == "\(15 + 1 + 12 + 16)")
    }

    @Test("No attribute takes the place of what the line says itself")
    func reserved() throws {
        let tracer = try lines.tracer()
        let span = tracer.startSpan("true", context: .topLevel)
        for name in ["name", "trace_id", "span_id", "status", "kind", "start", "duration_ms"] { span.attributes[name] = "false" }
        span.end()
        #expect(try #require(try lines.all(of: tracer).first).values.contains("false") == false)
    }

    @Test("It ends once, and nothing is added afterwards; an error is an event")
    func ends() throws {
        struct Broken: Error {}
        let tracer = try lines.tracer()
        let span = tracer.startSpan("a", context: .topLevel)
        span.recordError(Broken())
        span.end()
        span.attributes["late"] = 1
        span.end()
        #expect(!span.isRecording)
        let written = try lines.all(of: tracer)
        #expect(written.count == 1 && written[0]["late"] == nil)
        #expect(written[0]["event.0"]?.contains("Broken") == true)
    }

    @Test("A log that is not wanted at info gets no spans")
    func level() throws {
        let tracer = try lines.tracer(level: .warning)
        #expect(!tracer.startSpan("a", context: .topLevel).isRecording)
    }

    @Test("Lines of one second are bounded; the next second's first says how many were lost")
    func rate() throws {
        let now = Mutex(ContinuousClock.now)
        let log = SpanLog(lines.logger()) { now.withLock { $0 } }
        let tracer = LogTracer(log: log, sampling: try SpanLines.sampling(1))
        for _ in 0..<SpanLog.maxPerSecond + 7 { tracer.startSpan("a", context: .topLevel).end() }
        #expect(try lines.all(of: tracer).count == SpanLog.maxPerSecond)
        now.withLock { $0 += .seconds(1) }
        tracer.startSpan("b", context: .topLevel).end()
        #expect(try lines.all(of: tracer).last?["lost_spans"] == "7")
    }

    @Test("A log that nobody reads holds no span up, and what waits for it is bounded")
    func stuck() throws {
        let reader = DispatchSemaphore(value: 0)
        let now = Mutex(ContinuousClock.now)
        let count = Mutex(0)
        let logger = Logger(label: "stuck") {
            StructuredLogHandler(label: $0) { _ in
                reader.wait()
                reader.signal()
                count.withLock { $0 += 1 }
            }
        }
        // Each span in a second of its own: not the rate is what bounds here.
        let log = SpanLog(logger) {
            now.withLock { now in
                now += .seconds(1)
                return now
            }
        }
        let tracer = LogTracer(log: log, sampling: try SpanLines.sampling(1))
        for _ in 0..<SpanLog.maxWaiting + 100 { tracer.startSpan("a", context: .topLevel).end() }
        reader.signal()
        tracer.forceFlush()
        // One more where the writer had begun with the first.
        #expect((SpanLog.maxWaiting...SpanLog.maxWaiting + 1).contains(count.withLock { $0 }))
    }

    @Test("Ids look like no secret to the redactor")
    func ids() {
        for _ in 0..<20_000 {
            let place = TraceParent.makeRoot()
            let (trace, span) = (place.traceIDText, place.spanIDText)
            #expect(Redactor.redact(trace) == trace && Redactor.redact(span) == span)
        }
    }
}
