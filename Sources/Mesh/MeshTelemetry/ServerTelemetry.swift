public import CoreMetrics
public import Logging
public import MeshCall
public import Tracing
internal import Instrumentation
internal import NIOCore

/// Traces, counts, times and logs the calls that a server serves.
///
/// A call belongs to the trace that its metadata names (W3C Trace Context and Baggage, within their limits; what is malformed is
/// as if it had not come). With a tracer the call is a span of kind server; without one the trace is kept for the calls that the
/// handler makes. Put it outermost, so that it sees what other interceptors answer.
public final class ServerTelemetry: ServerInterceptor {
    private let instruments: Instruments?
    private let metrics: CallMetrics
    private let logger: Logger?

    /// - Parameters:
    ///   - tracer: nil for the one that the process has set up before this, if any.
    ///   - metrics: where the series are; the process's by default, so set that up first.
    ///   - logger: asked whether debug lines are wanted: then each finished call is one. Nil for none.
    public init(tracer: (any Tracer)? = nil, metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger? = nil) {
        instruments = Instruments.inUse(tracer)
        self.metrics = CallMetrics(.server, metrics)
        self.logger = logger
    }

    /// Runs the call within its trace, and counts it when it is over.
    public func intercept(_ context: ServerContext, next: @concurrent @Sendable (ServerContext) async throws -> Void) async throws {
        let began = NIODeadline.now()
        metrics.callBegan()
        let (span, inherited) = enter(context)
        do {
            if let inherited {
                try await ServiceContext.withValue(inherited) { try await next(context) }
            } else {
                try await next(context)
            }
            ended(context, span, Task.isCancelled ? .givenUp(timeIsOver: context.deadline <= .now) : .ok, began)
        } catch {
            ended(context, span, CallOutcome(error, timeIsOver: context.deadline <= .now), began)
            throw error
        }
    }

    /// Counts a call that was refused.
    public func notServed(_ call: UnservedCall) {
        metrics.callRefused(call.method, call.code, peer: call.peer.name)
    }

    /// - Returns: the span, where there is a tracer, and what the handler's task inherits, if anything.
    private func enter(_ context: ServerContext) -> (CallSpan?, ServiceContext?) {
        let metadata = context.metadata
        guard instruments != nil || !metadata.isEmpty else { return (nil, nil) }
        let headers = TraceHeaders(metadata)
        guard instruments != nil || !headers.isEmpty else { return (nil, nil) }
        var inherited = ServiceContext.topLevel
        inherited.traceContext = headers.traceContext
        inherited.baggage = headers.baggage
        guard let instruments else { return (nil, inherited.isEmpty ? nil : inherited) }
        instruments.extract(metadata, into: &inherited)
        let span = CallSpan(context.method, .server, peer: context.peer.name, in: inherited, with: instruments)
        return (span, span.context)
    }

    private func ended(_ context: ServerContext, _ span: CallSpan?, _ outcome: CallOutcome, _ began: NIODeadline) {
        let duration = (NIODeadline.now() - began).nanoseconds
        span?.end(outcome, isError: outcome.isServerError)
        metrics.callEnded(context.method, outcome.code, peer: context.peer.name, after: duration)
        guard let logger, logger.logLevel <= .debug else { return }
        context.logger.debug("call served", metadata: ["code": "\(outcome.code)", "microseconds": "\(duration / 1000)"])
    }
}
