public import Logging
internal import Instrumentation
internal import MeshTelemetry
internal import Metrics

/// Logs, metrics and traces of one process.
public enum Telemetry {
    /// Sets up swift-log, swift-metrics and swift-distributed-tracing for the whole process. Call once, first thing: servers and
    /// clients that are made before have no tracer.
    ///
    /// Each line that is written within a trace bears `trace_id` and `span_id`.
    ///
    /// - Parameters:
    ///   - level: swift-log's name of a level (`info`); an unknown one counts as `info`. Spans are written at `info`.
    ///   - sampling: which of the traces that begin here are written to the log.
    /// - Returns: the process's logger, the metrics for its `/metrics` page, and the tracer, to be flushed before the process ends.
    public static func start(
        service: String, level: String, sampling: SamplingRatio
    ) -> (logger: Logger, metrics: PrometheusMetrics, tracer: LogTracer) {
        let level = Logger.Level(rawValue: level) ?? .info
        LoggingSystem.bootstrap(
            { label, facts in
                var handler = StructuredLogHandler(label: label, level: level)
                handler.metadataProvider = facts
                return handler
            }, metadataProvider: .meshTrace)
        let (logger, metrics) = (Logger(label: service), PrometheusMetrics())
        MetricsSystem.bootstrap(metrics)
        let tracer = LogTracer(logger, sampling: sampling)
        InstrumentationSystem.bootstrap(tracer)
        return (logger, metrics, tracer)
    }
}
