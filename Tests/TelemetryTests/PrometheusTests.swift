import Metrics
import Telemetry
import Testing

@Suite("Prometheus metrics")
struct PrometheusTests {
    private let metrics = PrometheusMetrics()

    @Test("Counters and gauges are written with their labels")
    func counters() {
        metrics.makeCounter(label: "mesh.calls", dimensions: [("method", "/a/B"), ("code", "OK")]).increment(by: 2)
        metrics.makeCounter(label: "mesh.calls", dimensions: [("code", "OK"), ("method", "/a/B")]).increment(by: 1)
        metrics.makeMeter(label: "connections", dimensions: []).set(Int64(7))
        #expect(
            metrics.exposition() == """
                # TYPE connections gauge
                connections 7
                # TYPE mesh_calls_total counter
                mesh_calls_total{code="OK",method="/a/B"} 3

                """)
    }

    @Test("A timer is a histogram of seconds whose buckets cumulate")
    func timers() {
        let timer = metrics.makeTimer(label: "call.duration", dimensions: [])
        for nanoseconds: Int64 in [400_000, 2_000_000, 60_000_000_000] { timer.recordNanoseconds(nanoseconds) }
        let lines = metrics.exposition().split(separator: "\n")
        #expect(lines.contains(#"call_duration_seconds_bucket{le="0.0005"} 1"#))
        #expect(lines.contains(#"call_duration_seconds_bucket{le="0.0025"} 2"#))
        #expect(lines.contains(#"call_duration_seconds_bucket{le="30"} 2"#))
        #expect(lines.contains(#"call_duration_seconds_bucket{le="+Inf"} 3"#))
        #expect(lines.contains("call_duration_seconds_count 3"))
        #expect(lines.contains("call_duration_seconds_sum 60.0024"))
    }

    @Test("Label values that never end share one series")
    func cardinality() {
        for number in 0..<1000 { metrics.makeCounter(label: "hits", dimensions: [("user", "\(number)")]).increment(by: 1) }
        let lines = metrics.exposition().split(separator: "\n")
        #expect(lines.count == 2 + PrometheusMetrics.maxSeriesPerMetric)
        #expect(lines.contains(#"hits_total{overflow="true"} 500"#))
    }

    @Test("Metrics past the bound are counted as lost")
    func tooManyMetrics() {
        for number in 0..<510 { metrics.makeCounter(label: "m\(number)", dimensions: []).increment(by: 1) }
        #expect(metrics.exposition().hasSuffix("metrics_dropped_total 10\n"))
    }

    @Test("Names and values cannot break the format")
    func escaping() {
        metrics.makeCounter(label: "9 lives\n", dimensions: [("a b", "x\"\n\\")]).increment(by: 1)
        #expect(metrics.exposition() == "# TYPE _9_lives__total counter\n_9_lives__total{a_b=\"x\\\"\\n\\\\\"} 1\n")
    }
}
