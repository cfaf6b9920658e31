internal import Instrumentation
internal import MeshCall

/// The W3C's headers in a call's metadata.
struct TraceHeaders {
    static let parent = TraceParent.headerName
    static let state = TraceState.headerName
    static let baggage = "baggage"

    private var parents: [String] = []
    private var states: [String] = []
    private var baggages: [String] = []

    /// Looks at each key once, at its length first: nearly no call has any of these.
    init(_ metadata: Metadata) {
        for (key, value) in metadata.entries {
            switch key.utf8.count {
            case 7 where key == Self.baggage: baggages.append(value)
            case 10 where key == Self.state: states.append(value)
            case 11 where key == Self.parent: parents.append(value)
            default: break
            }
        }
    }

    /// Nil when there is none, more than one, or a malformed one. A malformed `tracestate` alone is dropped (Trace Context, section 3.3).
    var traceContext: TraceContext? {
        guard parents.count == 1, let parent = parents.first.flatMap(TraceParent.init(_:)) else { return nil }
        return TraceContext(parent: parent, state: states.isEmpty ? nil : TraceState(states))
    }

    var parentHeader: String? { traceContext == nil ? nil : parents.first }

    /// Nil when there is none or a malformed one.
    var baggage: Baggage? { baggages.isEmpty ? nil : Baggage(baggages) }

    var isEmpty: Bool { parents.isEmpty && baggages.isEmpty }
}

extension Metadata {
    /// Adds what the context says and `self` does not say yet.
    mutating func add(_ context: ServiceContext) {
        if let trace = context.traceContext, self[TraceHeaders.parent] == nil {
            append(trace.parent.header, for: TraceHeaders.parent)
            if let state = trace.state { append(state.header, for: TraceHeaders.state) }
        }
        if let baggage = context.baggage, !baggage.isEmpty, self[TraceHeaders.baggage] == nil {
            append(baggage.header, for: TraceHeaders.baggage)
        }
    }
}
