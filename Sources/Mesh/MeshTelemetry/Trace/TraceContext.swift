public import Instrumentation
internal import MeshCall

/// A call's place in its trace, with what tracing systems say of it.
public struct TraceContext: Sendable, Equatable {
    public var parent: TraceParent
    public var state: TraceState?

    public init(parent: TraceParent, state: TraceState? = nil) {
        self.parent = parent
        self.state = state
    }
}

extension ServiceContext {
    private enum TraceContextKey: InstrumentationContextKey {
        typealias Value = TraceContext
    }

    private enum BaggageKey: InstrumentationContextKey {
        typealias Value = Baggage
    }

    /// The trace that the call being served belongs to; nil when its caller named none. Calls made meanwhile belong to it too,
    /// also in a process that has no tracer.
    public var traceContext: TraceContext? {
        get { self[TraceContextKey.self] }
        set { self[TraceContextKey.self] = newValue }
    }

    /// What travels with the request being served, and with the calls that it causes.
    public var baggage: Baggage? {
        get { self[BaggageKey.self] }
        set { self[BaggageKey.self] = newValue }
    }
}

// MARK: In metadata

enum TraceKey {
    static let parent = "traceparent"
    static let state = "tracestate"
    static let baggage = "baggage"
}

extension Metadata {
    /// Nil when there is none, more than one, or a malformed one. A malformed `tracestate` alone is dropped (section 3.3).
    var traceContext: TraceContext? {
        guard let parent = traceParent else { return nil }
        return TraceContext(parent: parent, state: traceState)
    }

    private var traceParent: TraceParent? {
        guard let first = self[TraceKey.parent], let parent = TraceParent(first), values(for: TraceKey.parent).count == 1 else { return nil }
        return parent
    }

    private var traceState: TraceState? {
        self[TraceKey.state] == nil ? nil : TraceState(values(for: TraceKey.state))
    }

    var baggage: Baggage? {
        self[TraceKey.baggage] == nil ? nil : Baggage(values(for: TraceKey.baggage))
    }

    /// Adds what the context says and `self` does not say yet.
    mutating func add(_ context: ServiceContext) {
        if let trace = context.traceContext, self[TraceKey.parent] == nil {
            append(trace.parent.header, for: TraceKey.parent)
            if let state = trace.state { append(state.header, for: TraceKey.state) }
        }
        if let baggage = context.baggage, !baggage.isEmpty, self[TraceKey.baggage] == nil {
            append(baggage.header, for: TraceKey.baggage)
        }
    }
}
