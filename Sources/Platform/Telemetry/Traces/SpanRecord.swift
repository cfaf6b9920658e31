internal import Glibc
internal import Logging
internal import MeshTelemetry
internal import Tracing

/// What is known of a span until it is written: bounded in number and length, whatever it is told.
struct SpanRecord: Sendable {
    static let maxAttributes = 16
    static let maxEvents = 8
    static let maxLinks = 4

    var name: String
    var status: SpanStatus?
    private(set) var attributes: SpanAttributes = [:]
    private let kind: SpanKind
    private let place: TraceParent
    private let parent: TraceParent?
    /// Nanoseconds since 1970.
    private let start: UInt64
    private var events: [SpanEvent] = []
    private var links: [TraceParent] = []
    /// Attributes, events and links beyond the limits.
    private var dropped = 0

    /// - Parameters:
    ///   - parent: nil for the first span of a trace.
    ///   - start: nanoseconds since 1970.
    init(_ name: String, _ kind: SpanKind, _ place: TraceParent, below parent: TraceParent?, start: UInt64) {
        self.name = SpanText.clipped(name)
        self.kind = kind
        self.place = place
        self.parent = parent
        self.start = start
    }

    /// Those that are known go before new ones, new ones in the order of their names.
    mutating func replaceAttributes(_ given: SpanAttributes) {
        var kept: SpanAttributes = [:]
        for name in SpanText.names(of: given, first: attributes) {
            if kept.count < Self.maxAttributes {
                kept[SpanText.clipped(name)] = given.get(name).map(SpanText.bounded)
            } else {
                dropped &+= 1
            }
        }
        attributes = kept
    }

    mutating func add(_ event: SpanEvent) {
        guard events.count < Self.maxEvents else { return dropped &+= 1 }
        var attributes: SpanAttributes = [:]
        for name in SpanText.names(of: event.attributes, first: [:]).prefix(Self.maxAttributes) {
            attributes[SpanText.clipped(name)] = event.attributes.get(name).map(SpanText.bounded)
        }
        let instant = DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: event.nanosecondsSinceEpoch)
        events.append(SpanEvent(name: SpanText.clipped(event.name), at: instant, attributes: attributes))
    }

    mutating func add(_ link: TraceParent) {
        guard links.count < Self.maxLinks else { return dropped &+= 1 }
        links.append(link)
    }

    /// The line's facts. Times by the wall clock: one that is set meanwhile makes the duration wrong, but never below 0.
    ///
    /// - Parameter end: nanoseconds since 1970.
    func facts(end: UInt64) -> Logger.Metadata {
        var facts: Logger.Metadata = [:]
        attributes.forEach { name, value in facts[name] = "\(SpanText.text(value))" }
        for (name, value) in events.enumerated().map({ ("event.\($0.offset)", text($0.element)) }) { facts[name] = "\(value)" }
        if !links.isEmpty { facts["links"] = "\(links.map { "\($0.traceIDText)-\($0.spanIDText)" }.joined(separator: ","))" }
        if dropped > 0 { facts["dropped"] = "\(dropped)" }
        if let message = status?.message { facts["status_message"] = "\(message)" }
        // Last, so that no attribute takes their places.
        facts["name"] = "\(name)"
        facts["kind"] = "\(kind)"
        facts["trace_id"] = "\(place.traceIDText)"
        facts["span_id"] = "\(place.spanIDText)"
        facts["parent_span_id"] = parent.map { "\($0.spanIDText)" }
        facts["start"] = "\(Self.timestamp(start))"
        facts["duration_ms"] = "\(Self.milliseconds(from: start, to: end))"
        facts["status"] = "\(status.map { "\($0.code)" } ?? "unset")"
        return facts
    }

    private func text(_ event: SpanEvent) -> String {
        let facts = SpanText.names(of: event.attributes, first: [:]).map { name in
            "\(name)=\(event.attributes.get(name).map { SpanText.shown($0, under: name) } ?? "")"
        }
        return ([event.name, "after \(Self.milliseconds(from: start, to: event.nanosecondsSinceEpoch)) ms"] + facts).joined(separator: " ")
    }

    private static func milliseconds(from start: UInt64, to end: UInt64) -> String {
        let microseconds = end > start ? (end - start) / 1000 : 0
        let rest = String(microseconds % 1000)
        return "\(microseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }

    private static func timestamp(_ nanoseconds: UInt64) -> String {
        LogLine.timestamp(timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000)))
    }
}
