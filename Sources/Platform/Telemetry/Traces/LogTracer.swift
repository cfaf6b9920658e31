public import Instrumentation
public import Logging
internal import MeshTelemetry
public import Tracing

/// A swift-distributed-tracing backend that writes each finished span as one line to the log, for who has no collector of traces.
///
/// Contexts travel as W3C Trace Context. A span whose parent is elsewhere is recorded when the parent's sampled flag is set; the first
/// of a trace when the ratio chooses it. Others cost an id, and nothing is written of them.
public struct LogTracer: Tracer {
    public typealias Span = LogSpan

    private let log: SpanLog
    private let sampling: SamplingRatio

    /// - Parameters:
    ///   - logger: takes secrets out of what it writes. Spans are lines of its level `info`.
    ///   - sampling: which of the traces that begin here are recorded.
    public init(_ logger: Logger, sampling: SamplingRatio) {
        self.init(log: SpanLog(logger), sampling: sampling)
    }

    init(log: SpanLog, sampling: SamplingRatio) {
        self.log = log
        self.sampling = sampling
    }

    /// A span below the context's trace, or the first of a new one.
    public func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> LogSpan {
        var context = context()
        let parent = context.traceContext
        let place = parent?.parent.makeChild() ?? root()
        context.traceContext = TraceContext(parent: place, state: parent?.state)
        guard place.isSampled, log.isWanted else { return LogSpan(unrecorded: operationName, context) }
        let record = SpanRecord(operationName, kind, place, below: parent?.parent, start: instant().nanosecondsSinceEpoch)
        return LogSpan(record, context, log)
    }

    private func root() -> TraceParent {
        let root = TraceParent.makeRoot()
        return root.sampled(sampling.includes(root.traceID))
    }

    /// Waits until what has ended is written, ``SpanLog/flushTime`` at most.
    public func forceFlush() { log.flush() }

    /// Writes `traceparent`, and `tracestate` as it came.
    public func inject<Carrier, Inject: Injector>(_ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject)
    where Inject.Carrier == Carrier {
        guard let trace = context.traceContext else { return }
        injector.inject(trace.parent.header, forKey: TraceParent.headerName, into: &carrier)
        if let state = trace.state { injector.inject(state.header, forKey: TraceState.headerName, into: &carrier) }
    }

    /// Reads both; what is malformed is as if it had not come.
    public func extract<Carrier, Extract: Extractor>(_ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract)
    where Extract.Carrier == Carrier {
        guard let parent = extractor.extract(key: TraceParent.headerName, from: carrier).flatMap(TraceParent.init(_:)) else { return }
        let state = extractor.extract(key: TraceState.headerName, from: carrier).flatMap { TraceState([$0]) }
        context.traceContext = TraceContext(parent: parent, state: state)
    }
}
