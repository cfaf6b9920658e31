/// The circuit breaker of one address, without a clock: closed → open after failures → half-open with a few probes → closed, or open
/// for longer.
struct Breaker: Sendable {
    enum State: Hashable, Sendable {
        case closed
        case open(until: ContinuousClock.Instant)
        /// `running` probes have been sent, the last one at `last`, and `answered` were good.
        case halfOpen(running: Int, answered: Int, last: ContinuousClock.Instant)
    }

    /// A call that tries an address, known by the period in which it began: once that is over, how the call ends says nothing.
    struct Probe: Hashable, Sendable {
        fileprivate let period: Int
    }

    private(set) var state = State.closed
    /// A new one begins when the breaker becomes half-open, and when it does not wait for its probes any more.
    private var period = 0
    private let limits: BreakerLimits
    private var consecutive = 0
    private var window: FailureWindow
    /// The counter of good answers as it stood when last looked at.
    private var answersSeen = 0
    /// How often in a row it opened.
    private var ejections = 0
    private var closedAt: ContinuousClock.Instant

    init(_ limits: BreakerLimits, at now: ContinuousClock.Instant) {
        self.limits = limits
        window = FailureWindow(limits.window, at: now)
        closedAt = now
    }

    var isClosed: Bool { state == .closed }

    /// When an open breaker becomes half-open.
    var opensUntil: ContinuousClock.Instant? {
        if case .open(let until) = state { until } else { nil }
    }

    // MARK: Closed

    /// Takes note of good answers.
    ///
    /// - Parameter answers: how many there were in all.
    mutating func observe(answers: Int, at now: ContinuousClock.Instant) {
        let fresh = answers &- answersSeen
        answersSeen = answers
        guard fresh > 0 else { return }
        consecutive = 0
        window.add(answered: fresh, at: now)
    }

    /// A call failed that was no probe.
    ///
    /// - Parameters:
    ///   - answers: good answers so far, in all.
    ///   - mayOpen: enough other addresses are in use.
    /// - Returns: true when this opened it.
    mutating func failed(answers: Int, mayOpen: Bool, at now: ContinuousClock.Instant) -> Bool {
        observe(answers: answers, at: now)
        // What was sent before it opened says nothing new.
        guard isClosed else { return false }
        consecutive += 1
        window.add(failed: 1, at: now)
        guard mayOpen, isTripped else { return false }
        open(at: now)
        return true
    }

    private var isTripped: Bool {
        consecutive >= limits.consecutiveFailures
            || (window.calls >= limits.minimumCalls && Double(window.failures) >= limits.failureRate * Double(window.calls))
    }

    private mutating func open(at now: ContinuousClock.Instant) {
        ejections = max(0, ejections - healthyPeriods(at: now)) + 1
        state = .open(until: now + ejection)
        consecutive = 0
        window.clear(at: now)
    }

    /// Each time it stayed closed for as long as the first ejection lasts takes one back.
    private func healthyPeriods(at now: ContinuousClock.Instant) -> Int {
        guard isClosed, limits.ejection > .zero else { return 0 }
        return Int(clamping: Int64(min(1e6, (now - closedAt) / limits.ejection)))
    }

    private var ejection: Duration {
        var length = limits.ejection
        for _ in 1..<max(1, ejections) where length < limits.maximumEjection { length = length * 2 }
        return min(length, limits.maximumEjection)
    }

    // MARK: Open and half-open

    /// - Returns: true when its time is over and it became half-open.
    mutating func advance(to now: ContinuousClock.Instant) -> Bool {
        switch state {
        case .closed: return false
        case .open(let until):
            guard now >= until else { return false }
            period += 1
            state = .halfOpen(running: 0, answered: 0, last: now)
            return true
        case .halfOpen(let running, let answered, let last):
            // A call without an end, as a stream may be, says nothing for as long as it goes on: others may.
            guard running > 0, now - last >= limits.probeTimeout else { return false }
            period += 1
            state = .halfOpen(running: 0, answered: answered, last: now)
            return false
        }
    }

    var takesProbe: Bool {
        if case .halfOpen(let running, _, _) = state { running < limits.probes } else { false }
    }

    /// - Returns: nil when no call may be a probe now.
    mutating func beginProbe(at now: ContinuousClock.Instant) -> Probe? {
        guard takesProbe, case .halfOpen(let running, let answered, _) = state else { return nil }
        state = .halfOpen(running: running + 1, answered: answered, last: now)
        return Probe(period: period)
    }

    mutating func probeEnded(_ probe: Probe, _ outcome: CallOutcome, at now: ContinuousClock.Instant) {
        // One of several probes may have decided already.
        guard probe.period == period, case .halfOpen(let running, let answered, let last) = state else { return }
        switch outcome {
        case .failed: open(at: now)
        case .neutral: state = .halfOpen(running: max(0, running - 1), answered: answered, last: last)
        case .answered where answered + 1 >= limits.neededProbes: close(at: now)
        case .answered: state = .halfOpen(running: max(0, running - 1), answered: answered + 1, last: last)
        }
    }

    private mutating func close(at now: ContinuousClock.Instant) {
        state = .closed
        closedAt = now
        consecutive = 0
        window.clear(at: now)
    }
}
