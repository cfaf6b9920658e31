internal import Instrumentation
internal import MeshTelemetry
internal import Synchronization

/// The recorded traces within which waiting events were told, so that a batch on its way to the log stands in the trace of what
/// caused it. In memory only: after a restart batches begin traces of their own.
final class OutboxTraces: Sendable {
    /// Events whose trace is known; of further ones it is not.
    static let maxEvents = 1024

    private let traces = Mutex<[UInt64: TraceContext]>([:])

    /// Notes the current trace, if it is recorded, in place of what an undone transaction may have left under the same sequence.
    func note(_ sequence: UInt64) {
        let trace = InstrumentationContext.current?.traceContext.flatMap { $0.parent.isSampled ? $0 : nil }
        traces.withLock { $0[sequence] = $0.count < Self.maxEvents ? trace : nil }
    }

    /// The trace of the first event that has one, as the context of a batch that ends with `last`.
    func context(through last: UInt64) -> InstrumentationContext? {
        let first = traces.withLock { traces in traces.keys.filter { $0 <= last }.min().flatMap { traces[$0] } }
        guard let first else { return nil }
        var context = InstrumentationContext.topLevel
        context.traceContext = first
        return context
    }

    func forget(through last: UInt64) {
        traces.withLock { traces in traces = traces.filter { $0.key > last } }
    }
}
