internal import NIOCore
internal import Synchronization

/// Admission control as the connections of one event loop see it. Confined to the loop.
package final class AdmissionLane: @unchecked Sendable {
    private let loop: any EventLoop
    private let limits: AdmissionLimits
    // As in `ServerConnection`, not checked at run time what happens for every call.
    @exclusivity(unchecked) private var delay: LoopDelay
    private let refused = Atomic<UInt64>(0)
    private var hints: UInt64 = 0
    /// How often the loop's thread had slept when the last turn ended; nil after a light turn.
    @exclusivity(unchecked) private var sleeps: Int?

    init(_ loop: any EventLoop, _ limits: AdmissionLimits) {
        self.loop = loop
        self.limits = limits
        delay = LoopDelay(limits, now: AdmissionClock.now)
    }

    /// A connection of the loop is about to read. The first one in a turn begins the turn, which ends when all that were ready have read.
    package func readBegins() {
        guard !delay.isInTurn else { return }
        // Only after a turn that was not light does it matter: the question costs a system call.
        let slept = sleeps.map { $0 != ThreadSleeps.count } ?? true
        delay.turnBegins(AdmissionClock.now, slept: slept)
        loop.execute { self.sleeps = self.delay.turnEnds(AdmissionClock.now) ? nil : ThreadSleeps.count }
    }

    /// Lets a call in whose handler is about to begin.
    ///
    /// - Throws: RESOURCE_EXHAUSTED with a hint when to try again.
    func admit(_ call: ServerCall) throws(RPCError) {
        guard delay.admits(deadline: Int64(clamping: call.deadline.uptimeNanoseconds), { AdmissionClock.now }) else {
            refused.wrappingAdd(1, ordering: .relaxed)
            throw overloaded(limits.delayInterval.clampedNanoseconds)
        }
        let isFull = call.method.atGate { gate in
            call.pass = gate.enter(deadline: call.deadline)
            return call.pass == nil
        }
        if isFull == true { throw overloaded(call.method.atGate(\.drainTime) ?? 0) }
    }

    /// The handler of a call that was let in has returned.
    func finished(_ call: ServerCall, succeeded: Bool) {
        guard let pass = call.pass else { return }
        call.pass = nil
        call.method.atGate { $0.leave(pass, succeeded: succeeded) }
    }

    /// Callers that were refused together are told different times, so that they do not come back together.
    private func overloaded(_ nanoseconds: Int64) -> RPCError {
        hints &+= 1
        let spread = 1 + Double(hints % Self.spread) / Double(Self.spread)
        let hint = Duration.nanoseconds(nanoseconds) * spread
        return .overloaded(min(max(hint, limits.retryAfter.lowerBound), limits.retryAfter.upperBound))
    }

    private static let spread: UInt64 = 16

    /// Calls refused because they waited too long for the loop.
    var refusals: UInt64 { refused.load(ordering: .relaxed) }
}

extension RPCError {
    /// `reason` of the RESOURCE_EXHAUSTED that a call gets which the server was too busy to begin: it has not run.
    public static let overloadedReason = "OVERLOADED"

    static func overloaded(_ retryAfter: Duration, _ message: String = "The server is overloaded.") -> RPCError {
        RPCError(.resourceExhausted, message, reason: overloadedReason, retryAfter: retryAfter)
    }
}
