public import Logging
internal import Metrics

/// Logs and metrics of one process.
public enum Telemetry {
    /// Sets up swift-log and swift-metrics for the whole process. Call once, first thing.
    ///
    /// - Parameters:
    ///   - level: swift-log's name of a level (`info`); an unknown one counts as `info`.
    ///   - facts: adds to each line what is known where it is written, such as the trace.
    /// - Returns: the process's logger, and the metrics for its `/metrics` page.
    public static func start(
        service: String, level: String, facts: Logger.MetadataProvider? = nil
    ) -> (logger: Logger, metrics: PrometheusMetrics) {
        let level = Logger.Level(rawValue: level) ?? .info
        LoggingSystem.bootstrap(
            { label, facts in
                var handler = StructuredLogHandler(label: label, level: level)
                handler.metadataProvider = facts
                return handler
            }, metadataProvider: facts)
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        return (Logger(label: service), metrics)
    }
}
