import Foundation

@testable import MeshCall

/// Calls that come by chance to a pool of workers behind a concurrency limit, in a time of its own.
struct PoolSimulation {
    struct Result {
        var came = 0
        var refused = 0
        var answered = 0
        /// In milliseconds.
        var latencies: [Double] = []

        var meanLatency: Double { latencies.reduce(0, +) / Double(max(1, latencies.count)) }
        var refusedShare: Double { Double(refused) / Double(max(1, came)) }
    }

    private var limit: ConcurrencyLimit
    private var chance = Chance(state: 0x9e37_79b9_7f4a_7c15)
    private var free: [Double]
    /// Calls in progress: when they end, when they began, how many there were.
    private var inProgress: [(end: Double, began: Double, concurrency: Int)] = []
    private var now = 0.0

    /// - Parameter workers: none stands for as many as are wanted.
    init(workers: Int, limits: AdmissionLimits = .default) {
        free = Array(repeating: 0, count: workers)
        limit = ConcurrencyLimit(limits)
    }

    /// - Parameters:
    ///   - rate: calls a millisecond.
    ///   - service: how long a worker takes over a call, in milliseconds, given a number from 0 to 1.
    mutating func run(milliseconds: Double, rate: Double, service: (Double) -> Double) -> Result {
        var result = Result()
        let end = now + milliseconds
        while now < end {
            now += chance.exponential() / rate
            finishDue(&result)
            result.came += 1
            guard inProgress.count < limit.limit else {
                result.refused += 1
                continue
            }
            insert((begin(service(chance.uniform())), now, inProgress.count + 1))
        }
        return result
    }

    /// - Returns: when the call that begins now will be over.
    private mutating func begin(_ service: Double) -> Double {
        guard let worker = free.indices.min(by: { free[$0] < free[$1] }) else { return now + service }
        free[worker] = max(now, free[worker]) + service
        return free[worker]
    }

    private mutating func insert(_ call: (end: Double, began: Double, concurrency: Int)) {
        inProgress.insert(call, at: inProgress.firstIndex { $0.end > call.end } ?? inProgress.endIndex)
    }

    private mutating func finishDue(_ result: inout Result) {
        while let call = inProgress.first, call.end <= now {
            inProgress.removeFirst()
            result.answered += 1
            result.latencies.append(call.end - call.began)
            _ = limit.record(
                latency: Int64((call.end - call.began) * 1e6), concurrency: call.concurrency, now: Int64(call.end * 1e6))
        }
    }
}

/// Chance that is the same in every run (xorshift64*).
struct Chance {
    var state: UInt64

    mutating func uniform() -> Double {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Double((state &* 0x2545_f491_4f6c_dd1d) >> 11) / Double(1 << 53)
    }

    mutating func exponential() -> Double {
        -log(1 - uniform())
    }
}
