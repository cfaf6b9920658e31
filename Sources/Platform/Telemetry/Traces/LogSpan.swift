public import Instrumentation
internal import MeshTelemetry
internal import Synchronization
public import Tracing

/// A span of ``LogTracer``. Ended once; what is said of it afterwards, or when it is not recorded, is nowhere.
public final class LogSpan: Span {
    public let context: InstrumentationContext
    private let startName: String
    private let log: SpanLog?
    /// nil when it is not recorded, or has ended.
    private let record: Mutex<SpanRecord?>

    init(_ record: SpanRecord, _ context: InstrumentationContext, _ log: SpanLog) {
        self.context = context
        self.log = log
        startName = record.name
        self.record = Mutex(record)
    }

    init(unrecorded name: String, _ context: InstrumentationContext) {
        self.context = context
        log = nil
        startName = name
        record = Mutex(nil)
    }

    public var isRecording: Bool { record.withLock { $0 != nil } }

    public var operationName: String {
        get { record.withLock { $0?.name } ?? startName }
        set { record.withLock { $0?.name = SpanText.clipped(newValue) } }
    }

    public var attributes: SpanAttributes {
        get { record.withLock { $0?.attributes } ?? [:] }
        set { record.withLock { $0?.replaceAttributes(newValue) } }
    }

    public func setStatus(_ status: SpanStatus) {
        record.withLock { $0?.status = SpanStatus(code: status.code, message: status.message.map(SpanText.clipped)) }
    }

    public func addEvent(_ event: SpanEvent) { record.withLock { $0?.add(event) } }

    /// An event named `exception`, as OpenTelemetry's conventions have it.
    public func recordError<Instant: TracerInstant>(_ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant) {
        guard isRecording else { return }
        var facts = attributes
        facts["exception.type"] = String(reflecting: type(of: error))
        facts["exception.message"] = "\(error)"
        addEvent(SpanEvent(name: "exception", at: instant(), attributes: facts))
    }

    /// Only a link to a span with a place in a trace is kept.
    public func addLink(_ link: SpanLink) {
        guard let place = link.context.traceContext?.parent else { return }
        record.withLock { $0?.add(place) }
    }

    /// Hands it to the log; never waits for it.
    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let ended = record.withLock { record -> SpanRecord? in
            defer { record = nil }
            return record
        }
        guard let ended else { return }
        log?.write(ended, end: instant().nanosecondsSinceEpoch)
    }
}
