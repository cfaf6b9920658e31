public import Instrumentation

/// A call's place in its trace, with what tracing systems say of it.
public struct TraceContext: Sendable, Equatable {
    /// Which trace, and which span called.
    public var parent: TraceParent
    /// What tracing systems keep beside it.
    public var state: TraceState?

    /// A place in a trace.
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

