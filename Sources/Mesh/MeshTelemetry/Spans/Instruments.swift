internal import Instrumentation
internal import MeshCall
internal import Tracing

/// What a process traces with.
struct Instruments: Sendable {
    let tracer: any Tracer
    /// Carries contexts from process to process; the tracer itself, or several instruments with it among them.
    let carrier: any Instrument

    /// - Parameter given: used instead of the process's.
    /// - Returns: nil when the process has not set up any.
    static func inUse(_ given: (any Tracer)?) -> Instruments? {
        if let given { return Instruments(tracer: given, carrier: given) }
        let carrier = InstrumentationSystem.instrument
        guard !(carrier is NoOpInstrument) else { return nil }
        return Instruments(tracer: InstrumentationSystem.tracer, carrier: carrier)
    }

    func extract(_ metadata: Metadata, into context: inout ServiceContext) {
        carrier.extract(metadata, into: &context, using: MetadataExtractor())
    }

    func inject(_ context: ServiceContext, into metadata: inout Metadata) {
        carrier.inject(context, into: &metadata, using: MetadataInjector())
    }
}
