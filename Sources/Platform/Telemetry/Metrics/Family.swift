/// All series of one metric.
struct Family {
    enum Kind {
        case counter, gauge, histogram
        /// A histogram of seconds.
        case timer

        /// Prometheus's naming rules: counters end in `_total`, times in their unit.
        var suffix: String {
            switch self {
            case .counter: "_total"
            case .timer: "_seconds"
            case .gauge, .histogram: ""
            }
        }

        var type: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram, .timer: "histogram"
            }
        }

        /// Upper bounds, without the last, +Inf.
        var bounds: [Double] {
            switch self {
            case .counter, .gauge: []
            case .histogram: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000, 1_000_000]
            case .timer: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
            }
        }
    }

    static let overflow = #"overflow="true""#

    let kind: Kind
    private var series: [String: Cell] = [:]

    init(kind: Kind) { self.kind = kind }

    mutating func cell(_ labels: String, limit: Int) -> Cell {
        let key = series[labels] != nil || series.count < limit ? labels : Self.overflow
        if let known = series[key] { return known }
        let made = Cell(bounds: kind.bounds)
        series[key] = made
        return made
    }

    func text(_ name: String) -> String {
        var text = "# TYPE \(name) \(kind.type)\n"
        for (labels, cell) in series.sorted(by: { $0.key < $1.key }) {
            let values = cell.snapshot
            text += kind.bounds.isEmpty ? line(name, labels, values.sum) : histogram(name, labels, values)
        }
        return text
    }

    private func histogram(_ name: String, _ labels: String, _ values: Cell.Values) -> String {
        var text = ""
        var cumulated = 0.0
        for (bound, count) in zip(kind.bounds, values.buckets) {
            cumulated += count
            text += line(name + "_bucket", joined(labels, "le=\"\(PrometheusText.number(bound))\""), cumulated)
        }
        text += line(name + "_bucket", joined(labels, "le=\"+Inf\""), values.count)
        return text + line(name + "_sum", labels, values.sum) + line(name + "_count", labels, values.count)
    }

    private func joined(_ labels: String, _ other: String) -> String { labels.isEmpty ? other : labels + "," + other }

    private func line(_ name: String, _ labels: String, _ value: Double) -> String {
        (labels.isEmpty ? name : "\(name){\(labels)}") + " \(PrometheusText.number(value))\n"
    }
}
