internal import MeshCall

/// When a name is looked up: at first, at intervals, soon after a connection was lost, and after failures with a back-off.
struct ResolutionSchedule: Sendable {
    private let isFixed: Bool
    private let limits: PoolLimits
    private var backoff: Backoff
    private var isRunning = false
    private var began: ContinuousClock.Instant?
    /// Not before.
    private var earliest: ContinuousClock.Instant?
    private var succeededAt: ContinuousClock.Instant?
    private var isRequested = false

    init(isFixed: Bool, _ limits: ClientLimits) {
        self.isFixed = isFixed
        self.limits = limits.pool
        backoff = Backoff(limits)
    }

    /// The answer may be out of date.
    mutating func request() {
        if !isFixed { isRequested = true }
    }

    /// When to look up next, as long as anybody is interested; nil while an answer is awaited, or when there is nothing to ask for.
    func due(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        if isRunning { return nil }
        guard let succeededAt else { return earliest ?? now }
        if isFixed { return nil }
        let wanted = isRequested ? now : succeededAt + limits.resolveInterval
        return max(wanted, earliest ?? wanted)
    }

    mutating func begin(at now: ContinuousClock.Instant) {
        isRunning = true
        isRequested = false
        began = now
    }

    /// A lookup can't be stopped, but it is no longer waited for.
    var timeout: ContinuousClock.Instant? { isRunning ? began.map { $0 + limits.resolveTimeout } : nil }

    func isAwaited(at now: ContinuousClock.Instant) -> Bool { timeout.map { now < $0 } ?? false }

    mutating func succeeded(at now: ContinuousClock.Instant) {
        isRunning = false
        succeededAt = now
        earliest = now + limits.minimumResolveInterval
        backoff.succeeded()
    }

    mutating func failed(at now: ContinuousClock.Instant) {
        isRunning = false
        earliest = now + backoff.failed()
        // An older answer serves on; the next try comes after the back-off.
        isRequested = !isFixed
    }
}
