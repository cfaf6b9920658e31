/// How long calls wait for their event loop, and which are refused for it. A pure value, for one loop.
///
/// A call's wait in socket buffers cannot be seen; but while a loop works through what it found ready in one turn, the calls that it has
/// not begun have waited at least since the turn began, and what comes meanwhile waits for all of it. So the time since the turn began is
/// what controlled delay watches: a burst is served; once no turn has been light for `delayInterval`, the queue is a standing one and calls
/// may wait for `delayTarget` only. That keeps turns short, and the next turn's calls with them. Calls that have much time may wait longer.
///
/// Sources: K. Nichols, V. Jacobson, "Controlling Queue Delay" (2012); B. Maurer, "Fail at Scale" (2015), for the two time limits.
struct LoopDelay {
    /// Clock reads are spared for calls that take less of the loop than this, in nanoseconds.
    private static let dear: Int64 = 20_000
    /// Among cheap calls one in so many reads the clock; a power of two.
    private static let stride = 16
    /// In a standing queue a call may wait for so many others.
    private static let callsAhead: Int64 = 4
    /// A burst may be so many calls long.
    private static let callsInBurst: Int64 = 50
    /// And so many times as long as a call may wait.
    private static let patienceInBurst: Int64 = 5

    private let limits: AdmissionLimits
    private let target: Int64
    private let interval: Int64
    private var turnBegan: Int64?
    /// Calls that were about to begin in this turn, and those that were let in.
    private var calls = 0
    private var served = 0
    private var waited: Int64 = 0
    private var lastLight: Int64
    /// What a call takes of the loop, in nanoseconds: a moving mean.
    private(set) var cost: Int64 = 0

    /// - Parameter now: monotonic, in nanoseconds.
    init(_ limits: AdmissionLimits, now: Int64) {
        self.limits = limits
        target = limits.delayTarget.clampedNanoseconds
        interval = limits.delayInterval.clampedNanoseconds
        lastLight = now
    }

    var isInTurn: Bool { turnBegan != nil }

    /// - Parameter slept: the thread has slept since the last turn: it had found nothing to do.
    mutating func turnBegins(_ now: Int64, slept: Bool) {
        (turnBegan, calls, served, waited) = (now, 0, 0, 0)
        if slept { lastLight = now }
    }

    /// - Returns: whether the turn was light: nobody waited for long, or nobody waited at all.
    mutating func turnEnds(_ now: Int64) -> Bool {
        guard let began = turnBegan else { return true }
        turnBegan = nil
        let length = now - began
        let isLight = length <= target / 2 || calls <= 1
        if isLight { lastLight = now }
        // Turns of refusals alone say nothing of what a call costs.
        if served > 0 { cost += (length / Int64(served) - cost) / 8 }
        return isLight
    }

    /// A call is about to begin.
    ///
    /// - Parameters:
    ///   - deadline: when its time is over: monotonic, in nanoseconds.
    ///   - clock: read only when it has to be.
    /// - Returns: false when it has waited too long.
    mutating func admits(deadline: Int64, _ clock: () -> Int64) -> Bool {
        guard let began = turnBegan else { return true }
        calls += 1
        if cost >= Self.dear || calls & (Self.stride - 1) == 0 { waited = clock() - began }
        guard waited <= max(target, cost * Self.callsAhead) || isPatient(deadline, now: began + waited) else { return false }
        served += 1
        return true
    }

    /// A call that has waited for longer than any should, in a standing queue, may have the time for it, or the queue may not stand yet.
    private func isPatient(_ deadline: Int64, now: Int64) -> Bool {
        let patience = limits.patience(of: deadline - now)
        return waited <= patience || now - lastLight <= max(interval, cost * Self.callsInBurst, patience * Self.patienceInBurst)
    }
}
