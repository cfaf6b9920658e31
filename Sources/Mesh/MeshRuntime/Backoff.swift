/// When a client may try to connect again: exponential with jitter (gRPC's connection back-off, with shorter times).
struct Backoff: Sendable {
    private static let factor = 1.6
    private static let jitter = 0.8...1.2

    private let minimum: Duration
    private let maximum: Duration
    private var failures = 0

    init(_ limits: ClientLimits) {
        minimum = limits.minimumBackoff
        maximum = limits.maximumBackoff
    }

    /// The wait after one more failure.
    mutating func failed() -> Duration {
        var delay = minimum
        for _ in 0..<failures where delay < maximum { delay = delay * Self.factor }
        failures += 1
        return min(delay, maximum) * Double.random(in: Self.jitter)
    }

    mutating func succeeded() {
        failures = 0
    }
}
