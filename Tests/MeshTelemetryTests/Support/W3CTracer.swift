import InMemoryTracing
import Instrumentation
import Tracing

/// An in-memory tracer that names and sends its spans as OpenTelemetry's do: random ids, `traceparent`.
struct W3CTracer: Tracer {
    let spans = InMemoryTracer(
        idGenerator: .init(nextTraceID: { hex(digits: 32) }, nextSpanID: { hex(digits: 16) }), recordInjections: false,
        recordExtractions: false)

    var finished: [FinishedInMemorySpan] { spans.finishedSpans }

    func finished(_ name: String, _ kind: SpanKind) -> FinishedInMemorySpan? {
        finished.first { $0.operationName == name && $0.kind == kind }
    }

    private static func hex(digits: Int) -> String {
        String((0..<digits).map { _ in "123456789abcdef".randomElement() ?? "1" })
    }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> InMemorySpan {
        spans.startSpan(operationName, context: context(), ofKind: kind, at: instant(), function: function, file: fileID, line: line)
    }

    func forceFlush() {}

    func inject<Carrier, Inject: Injector>(_ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject)
    where Inject.Carrier == Carrier {
        guard let span = context.inMemorySpanContext else { return }
        injector.inject("00-\(span.traceID)-\(span.spanID)-01", forKey: "traceparent", into: &carrier)
    }

    func extract<Carrier, Extract: Extractor>(_ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract)
    where Extract.Carrier == Carrier {
        guard let parts = extractor.extract(key: "traceparent", from: carrier)?.split(separator: "-"), parts.count == 4 else { return }
        context.inMemorySpanContext = InMemorySpanContext(traceID: String(parts[1]), spanID: String(parts[2]), parentSpanID: nil)
    }
}
