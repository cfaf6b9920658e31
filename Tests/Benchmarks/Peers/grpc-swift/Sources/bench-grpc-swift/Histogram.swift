import Foundation

/// Nanoseconds of the monotonic clock.
func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Times in nanoseconds, in buckets at most 1/128 wide of their value.
struct Histogram {
    private var counts = [UInt64](repeating: 0, count: 128 * 58)
    private var total: UInt64 = 0

    mutating func add(_ value: UInt64) {
        let shift = max(0, 64 - value.leadingZeroBitCount - 8)
        counts[shift * 128 + Int(value >> UInt64(shift))] += 1
        total += 1
    }

    mutating func merge(_ other: Histogram) {
        for (bucket, count) in other.counts.enumerated() { counts[bucket] += count }
        total += other.total
    }

    /// The middle of the bucket below which `share` of the values are, in microseconds; 0 when there are none.
    func percentile(_ share: Double) -> Double {
        let wanted = UInt64(share * Double(total))
        var seen: UInt64 = 0
        for (bucket, count) in counts.enumerated() {
            seen += count
            if seen > wanted { return Self.middle(bucket) / 1000 }
        }
        return 0
    }

    private static func middle(_ bucket: Int) -> Double {
        let shift = bucket < 256 ? 0 : bucket / 128 - 1
        return Double(UInt64(bucket - shift * 128) << UInt64(shift)) + Double((UInt64(1) << UInt64(shift)) - 1) / 2
    }
}

/// What one task, or all of them, measured.
struct Results {
    var times = Histogram()
    var measured: UInt64 = 0
    var total: UInt64 = 0
    var errors: UInt64 = 0

    mutating func merge(_ other: Results) {
        times.merge(other.times)
        measured += other.measured
        total += other.total
        errors += other.errors
    }

    func line(seconds: Double) -> String {
        String(
            format: #"{"rps":%.1f,"p50_us":%.2f,"p99_us":%.2f,"p999_us":%.2f,"errors":%d,"total":%d}"#, Double(measured) / seconds,
            times.percentile(0.5), times.percentile(0.99), times.percentile(0.999), Int(errors), Int(total))
    }
}
