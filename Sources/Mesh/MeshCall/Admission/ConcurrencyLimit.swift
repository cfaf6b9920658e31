internal import Glibc

/// How many calls of one method are let in at once, found out from their latency. A pure value.
///
/// By Little's law calls in progress are throughput times latency. Past the point where throughput no longer grows, each call more only
/// adds to the latency of all; that point is looked for as TCP Vegas and Netflix's gradient limits do: the latency at hand is compared
/// with the latency without load, and calls in progress are kept where the one is a given multiple of the other. Two things differ from
/// them. What is compared are geometric means, not minima, because one method's calls may differ a hundredfold among themselves. And where
/// latency falls less than calls in progress do, they are no longer what causes it: then it is taken for the method's own.
///
/// Sources: L. Brakmo, L. Peterson, "TCP Vegas" (1995), section 3.2; Netflix concurrency-limits, GradientLimit.
struct ConcurrencyLimit {
    /// Samples that make a window.
    static let samplesPerWindow = 32
    /// A window lasts at least so long, in nanoseconds.
    static let shortestWindow: Int64 = 10_000_000
    /// Calls in progress up to which a latency counts as one without load.
    private static let unloaded = 2
    /// Samples that the mean without load remembers.
    private static let memory = 64.0
    /// In one window the calls in progress are at most halved.
    private static let steepest = 0.5
    /// In calm the limit rises to so many times the calls in progress, by so much a window.
    private static let headroom = 4.0
    private static let recovery = 1.25
    /// Once concurrency is down to this part, latency must have come down with it, but for this factor.
    private static let probe = (concurrency: 0.6, latency: 1.4)

    private let minimum: Double
    private let maximum: Double
    private let tolerance: Double
    private let slack: Double
    private var exact: Double
    /// Latency without load, as the logarithm of nanoseconds.
    private var unloadedLogarithm = 0.0
    private var baselineSamples = 0.0
    /// Geometric mean of the latency of the last window, in nanoseconds.
    private(set) var latency = 0.0
    private var window = Window()
    /// Where the last descent began.
    private var descent: (concurrency: Double, latency: Double)?

    private struct Window {
        var began: Int64 = 0
        var samples = 0.0
        var latency = 0.0
        var concurrency = 0.0
    }

    /// - Parameter time: what a call of the method has by default, in nanoseconds.
    init(_ limits: AdmissionLimits, time: Int64 = 0) {
        minimum = Double(max(1, limits.minimumConcurrency))
        maximum = max(minimum, Double(limits.maximumConcurrency))
        tolerance = max(1, limits.latencyTolerance)
        slack = Double(max(limits.delayTarget.clampedNanoseconds, limits.patience(of: time)))
        exact = maximum
    }

    /// Calls that may be in progress.
    var limit: Int { Int(exact) }
    /// Load has brought the limit down.
    var isInForce: Bool { exact < maximum }

    /// Latency without load, in nanoseconds; 0 while unknown.
    var baseline: Double { baselineSamples > 0 ? exp(unloadedLogarithm) : 0 }

    /// The mean latency at which no more calls are let in, in nanoseconds.
    private var target: Double { max(baseline * tolerance, baseline + slack) }

    /// Counts a call that is over.
    ///
    /// - Parameters:
    ///   - latency: in nanoseconds.
    ///   - concurrency: calls in progress when it began, itself included.
    ///   - now: monotonic, in nanoseconds.
    /// - Returns: how long the window took that this call has closed, in nanoseconds.
    mutating func record(latency: Int64, concurrency: Int, now: Int64) -> Int64? {
        let sample = log(Double(max(1, latency)))
        if concurrency <= Self.unloaded {
            baselineSamples = min(baselineSamples + 1, Self.memory)
            unloadedLogarithm += (sample - unloadedLogarithm) / baselineSamples
        }
        if window.samples == 0 { window.began = now }
        window.samples += 1
        window.latency += sample
        window.concurrency += Double(concurrency)
        let elapsed = now - window.began
        guard Int(window.samples) >= Self.samplesPerWindow, elapsed >= Self.shortestWindow else { return nil }
        close()
        return elapsed
    }

    private mutating func close() {
        let (mean, concurrency) = (exp(window.latency / window.samples), window.concurrency / window.samples)
        window = Window()
        latency = mean
        // Nothing without load has been seen yet.
        guard baselineSamples > 0 else { return }
        if mean < baseline { unloadedLogarithm += (log(mean) - unloadedLogarithm) / 4 }
        learnFromDescent(concurrency, mean)
        if mean > target {
            // The same for calls let in before the last step down: each waits for those that were there when it came.
            exact = max(minimum, min(exact, concurrency * max(Self.steepest, target / mean)))
            if descent == nil { descent = (concurrency, mean) }
        } else {
            descent = nil
            rise(concurrency, mean)
        }
    }

    private mutating func rise(_ concurrency: Double, _ mean: Double) {
        if concurrency > exact / 2 {
            exact = min(maximum, max(exact, min(exact * 2, concurrency * target / mean)))
        } else if mean < (baseline + target) / 2, exact < concurrency * Self.headroom {
            // Room for a burst comes back by and by.
            exact = min(maximum, concurrency * Self.headroom, exact * Self.recovery)
        }
    }

    private mutating func learnFromDescent(_ concurrency: Double, _ mean: Double) {
        guard let began = descent, concurrency <= began.concurrency * Self.probe.concurrency else { return }
        let (less, quicker) = (concurrency / began.concurrency, mean / began.latency)
        if quicker > less * Self.probe.latency { unloadedLogarithm = log(mean) }
    }
}
