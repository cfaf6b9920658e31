internal import Synchronization

/// One series' numbers.
final class Cell: Sendable {
    struct Values {
        var sum = 0.0
        var count = 0.0
        var buckets: [Double]
    }

    private let bounds: [Double]
    private let values: Mutex<Values>

    init(bounds: [Double] = []) {
        self.bounds = bounds
        values = Mutex(Values(buckets: [Double](repeating: 0, count: bounds.count)))
    }

    var snapshot: Values { values.withLock { $0 } }

    func add(_ amount: Double) { values.withLock { $0.sum += amount } }
    func set(_ value: Double) { values.withLock { $0.sum = value } }

    func observe(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 }
        values.withLock { values in
            values.sum += value
            values.count += 1
            if let bucket { values.buckets[bucket] += 1 }
        }
    }
}
