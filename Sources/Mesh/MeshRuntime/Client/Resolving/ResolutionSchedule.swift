internal import MeshCall

/// When a name is looked up: at first, at intervals, soon after a connection was lost, and after failures with a back-off. One answer is awaited at a
/// time, and not for ever: a lookup that takes too long has failed, and another may begin while it hangs.
struct ResolutionSchedule: Sendable {
    private let isFixed: Bool
    private let limits: PoolLimits
    private var backoff: Backoff
    /// Answers in part, one after the other.
    private var incomplete = 0
    private static let mostDoublings = 20
    /// The lookup whose answer is awaited.
    private var awaited: (id: UInt64, began: ContinuousClock.Instant)?
    /// Lookups that have not returned, with those that nobody waits for any more.
    private var running: Set<UInt64> = []
    /// Of the lookup that was begun last.
    private var lastID: UInt64 = 0
    /// The lookup begun last of those that have brought addresses.
    private var newest: UInt64 = 0
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

    /// When to look up next, as long as anybody is interested; nil while an answer is awaited, while as many lookups hang as may, or when there is
    /// nothing to ask for.
    func due(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        if awaited != nil || running.count >= max(1, limits.maximumLookups) { return nil }
        guard let succeededAt else { return earliest ?? now }
        if isFixed { return nil }
        let wanted = isRequested ? now : succeededAt + limits.resolveInterval
        return max(wanted, earliest ?? wanted)
    }

    /// - Returns: the new lookup's number.
    mutating func begin(at now: ContinuousClock.Instant) -> UInt64 {
        lastID += 1
        isRequested = false
        running.insert(lastID)
        awaited = (lastID, now)
        return lastID
    }

    /// When the awaited lookup has taken too long.
    var timeout: ContinuousClock.Instant? { awaited.map { $0.began + limits.resolveTimeout } }

    func isAwaited(at now: ContinuousClock.Instant) -> Bool { timeout.map { now < $0 } ?? false }

    /// Lookups that have not returned.
    var hanging: Int { running.count }

    /// Takes a lookup that has taken too long for a failed one.
    ///
    /// - Returns: its number, nil when there is none.
    mutating func timedOut(at now: ContinuousClock.Instant) -> UInt64? {
        guard let awaited, let timeout, now >= timeout else { return nil }
        // From when its time was over: who comes long after that does not wait for the back-off too.
        failed(at: timeout)
        return awaited.id
    }

    /// A lookup has brought addresses. They are good also when they come late, since a resolver that is always slow would give none otherwise; but not
    /// when a lookup that was begun after it has brought some already.
    ///
    /// - Parameter isComplete: it is not to be repeated soon.
    /// - Returns: whether its addresses are the newest.
    mutating func succeeded(_ lookup: UInt64, isComplete: Bool = true, at now: ContinuousClock.Instant) -> Bool {
        running.remove(lookup)
        guard lookup > newest else { return false }
        newest = lookup
        succeededAt = now
        if awaited?.id == lookup { awaited = nil }
        earliest = now + limits.minimumResolveInterval
        backoff.succeeded()
        guard !isComplete else {
            incomplete = 0
            return true
        }
        // Twice as long with each: names that do not come back are looked up with the others in the end.
        earliest = now + min(limits.resolveInterval, limits.minimumResolveInterval * (1 << incomplete))
        incomplete = min(incomplete + 1, Self.mostDoublings)
        request()
        return true
    }

    /// A lookup has brought nothing.
    ///
    /// - Returns: whether that is news: one that has taken too long has failed before.
    mutating func failed(_ lookup: UInt64, at now: ContinuousClock.Instant) -> Bool {
        running.remove(lookup)
        guard awaited?.id == lookup else { return false }
        failed(at: now)
        return true
    }

    private mutating func failed(at now: ContinuousClock.Instant) {
        awaited = nil
        earliest = now + backoff.failed()
        // An older answer serves on; the next try comes after the back-off.
        request()
    }
}
