public import CoreMetrics
internal import Synchronization

/// A swift-metrics backend that keeps everything in memory and writes it in the Prometheus text format, version 0.0.4.
///
/// The number of series is bounded: past the bound a metric's new label values share one series labelled `overflow="true"`,
/// and further metrics are counted nowhere but in `metrics_dropped_total`.
public final class PrometheusMetrics: MetricsFactory, Sendable {
    public static let maxMetrics = 500
    public static let maxSeriesPerMetric = 500

    private let families = Mutex<[String: Family]>([:])
    private let dropped = Cell()

    public init() {}

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        PrometheusCounter(cell(label, .counter, dimensions))
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        PrometheusFloatingPointCounter(cell(label, .counter, dimensions))
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        PrometheusMeter(cell(label, .gauge, dimensions))
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        PrometheusRecorder(cell(label, aggregate ? .histogram : .gauge, dimensions), aggregates: aggregate)
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        PrometheusTimer(cell(label, .timer, dimensions))
    }

    // Series stay: a counter that goes away and comes back at 0 would read as a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func cell(_ label: String, _ kind: Family.Kind, _ dimensions: [(String, String)]) -> Cell {
        let name = PrometheusText.name(label) + kind.suffix
        let labels = PrometheusText.labels(dimensions)
        let found = families.withLock { families -> Cell? in
            guard families[name] != nil || families.count < Self.maxMetrics else { return nil }
            return families[name, default: Family(kind: kind)].cell(labels, limit: Self.maxSeriesPerMetric)
        }
        if let found { return found }
        dropped.add(1)
        return Cell()
    }

    // MARK: Exposition

    /// Everything, sorted by name, for `GET /metrics`.
    public func exposition() -> String {
        let families = families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) { text += family.text(name) }
        let lost = dropped.snapshot.sum
        if lost > 0 { text += "# TYPE metrics_dropped_total counter\nmetrics_dropped_total \(PrometheusText.number(lost))\n" }
        return text
    }
}
