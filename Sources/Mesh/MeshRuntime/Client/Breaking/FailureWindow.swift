/// Calls and failures of the last while, in two halves of which the older is forgotten as a whole.
struct FailureWindow: Sendable {
    private struct Half: Sendable {
        var calls = 0
        var failures = 0
    }

    private let half: Duration
    private var older = Half()
    private var newer = Half()
    private var newerBegan: ContinuousClock.Instant

    init(_ length: Duration, at now: ContinuousClock.Instant) {
        half = length / 2
        newerBegan = now
    }

    var calls: Int { older.calls + newer.calls }
    var failures: Int { older.failures + newer.failures }

    mutating func add(answered: Int = 0, failed: Int = 0, at now: ContinuousClock.Instant) {
        turn(at: now)
        newer.calls += answered + failed
        newer.failures += failed
    }

    mutating func clear(at now: ContinuousClock.Instant) {
        older = Half()
        newer = Half()
        newerBegan = now
    }

    private mutating func turn(at now: ContinuousClock.Instant) {
        let age = now - newerBegan
        guard age >= half else { return }
        older = age >= half * 2 ? Half() : newer
        newer = Half()
        newerBegan = now
    }
}
