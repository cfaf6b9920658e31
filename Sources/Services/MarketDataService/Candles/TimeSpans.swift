/// A set of open times as ranges that neither overlap nor touch. Pure value.
struct TimeSpans: Sendable, Equatable {
    /// Ascending.
    private(set) var ranges: [ClosedRange<Int64>]

    init(_ ranges: [ClosedRange<Int64>] = []) {
        self.ranges = ranges
    }

    /// Adds a range and joins what it overlaps or touches.
    ///
    /// - Parameter step: distance of two neighbouring open times.
    mutating func insert(_ range: ClosedRange<Int64>, step: Int64) {
        var joined = range
        var others: [ClosedRange<Int64>] = []
        for other in ranges {
            if other.upperBound < joined.lowerBound - step || other.lowerBound > joined.upperBound + step {
                others.append(other)
            } else {
                joined = min(other.lowerBound, joined.lowerBound)...max(other.upperBound, joined.upperBound)
            }
        }
        ranges = (others + [joined]).sorted { $0.lowerBound < $1.lowerBound }
    }

    /// The parts of `range` that are not in the set, ascending. Bounds of all are multiples of `step`.
    func gaps(in range: ClosedRange<Int64>, step: Int64) -> [ClosedRange<Int64>] {
        var gaps: [ClosedRange<Int64>] = []
        var next = range.lowerBound
        for span in ranges where span.upperBound >= next && span.lowerBound <= range.upperBound {
            if span.lowerBound > next { gaps.append(next...span.lowerBound - step) }
            next = span.upperBound + step
        }
        if next <= range.upperBound { gaps.append(next...range.upperBound) }
        return gaps
    }
}
