public import Logging
internal import Metrics

/// Logs and metrics of one process.
public enum Telemetry {
    /// Sets up swift-log and swift-metrics for the whole process. Call once, first thing.
    ///
    /// - Parameter level: swift-log's name of a level (`info`); an unknown one counts as `info`.
    /// - Returns: the process's logger, and the metrics for its `/metrics` page.
    public static func start(service: String, level: String) -> (logger: Logger, metrics: PrometheusMetrics) {
        let level = Logger.Level(rawValue: level) ?? .info
        LoggingSystem.bootstrap { label in StructuredLogHandler(label: label, level: level) }
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        return (Logger(label: service), metrics)
    }
}
