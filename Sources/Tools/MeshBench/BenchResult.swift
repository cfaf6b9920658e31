internal import Histogram

/// What one run measured.
struct BenchResult {
    /// Nanoseconds of each call; empty for a stream.
    private var latencies = Histogram<UInt64>(highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: .three)
    private(set) var count = 0
    private(set) var errors = 0
    /// Calls made in all, those before the measurement included.
    var total = 0
    var seconds = 0.0

    mutating func add(nanoseconds: Int64) {
        latencies.record(UInt64(max(1, nanoseconds)))
        count += 1
    }

    mutating func add(messages: Int) { count += messages }

    mutating func fail() { errors += 1 }

    private func microseconds(_ percentile: Double) -> String {
        guard latencies.totalCount > 0 else { return "0" }
        return decimal(Double(latencies.valueAtPercentile(percentile)) / 1000)
    }

    private func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    var json: String {
        let rate = seconds > 0 ? Double(count) / seconds : 0
        return #"{"rps":\#(decimal(rate)),"p50_us":\#(microseconds(50)),"p99_us":\#(microseconds(99)),"#
            + #""p999_us":\#(microseconds(99.9)),"errors":\#(errors),"total":\#(total)}"#
    }
}
