internal import NIOCore
internal import Synchronization

/// Lets calls of one method in, from every connection of a server. Two atomic operations a call; a lock for one call in many.
package final class AdmissionGate: Sendable {
    /// What a call takes along from the gate.
    struct Pass: Sendable {
        /// When it began, in nanoseconds; nil when nobody wants to know.
        let began: Int64?
        /// Calls in progress then, itself included.
        let concurrency: UInt32
    }

    /// One call in both halves of `counts`.
    private static let one: UInt64 = 1 << 32 | 1
    /// Windows shorter than this are sampled more thinly, longer than the second more densely. In nanoseconds.
    private static let windows: (short: Int64, long: Int64) = (20_000_000, 200_000_000)
    /// At the thinnest one call in 64 has its time taken.
    private static let thinnest: UInt32 = 63

    let method: MethodDescriptor
    private let estimate: Mutex<ConcurrencyLimit>
    /// Calls let in so far, modulo 2^32, in the upper half; those in progress in the lower.
    private let counts = Atomic<UInt64>(0)
    private let limit: Atomic<UInt32>
    /// A call has its time taken when its number and this have no bit in common.
    private let mask = Atomic<UInt32>(0)
    /// Mean latency when the limit is in force, otherwise 0. In nanoseconds.
    private let expected = Atomic<Int64>(0)
    private let refused = Atomic<UInt64>(0)

    init(_ method: MethodDescriptor, _ limits: AdmissionLimits) {
        self.method = method
        let estimate = ConcurrencyLimit(limits, time: method.defaultDeadline)
        limit = Atomic(UInt32(clamping: estimate.limit))
        self.estimate = Mutex(estimate)
    }

    /// - Returns: nil when too many calls are in progress.
    func enter(deadline: NIODeadline) -> Pass? {
        let before = counts.wrappingAdd(Self.one, ordering: .relaxed).oldValue
        let concurrency = UInt32(truncatingIfNeeded: before) &+ 1
        let limit = limit.load(ordering: .relaxed)
        guard concurrency <= limit, !isHopeless(deadline, concurrency, limit) else {
            counts.wrappingSubtract(Self.one, ordering: .relaxed)
            refused.wrappingAdd(1, ordering: .relaxed)
            return nil
        }
        let isSampled = UInt32(truncatingIfNeeded: before >> 32) & mask.load(ordering: .relaxed) == 0
        return Pass(began: isSampled ? AdmissionClock.now : nil, concurrency: concurrency)
    }

    /// Near the limit those go first whose time is over before calls like them are answered.
    private func isHopeless(_ deadline: NIODeadline, _ concurrency: UInt32, _ limit: UInt32) -> Bool {
        guard concurrency > limit / 2 else { return false }
        let expected = expected.load(ordering: .relaxed)
        return expected > 0 && deadline - .now() < .nanoseconds(expected)
    }

    /// - Parameter succeeded: false for a call that failed or was given up: such a one may be quicker than those that succeed.
    func leave(_ pass: Pass, succeeded: Bool) {
        counts.wrappingSubtract(1, ordering: .relaxed)
        guard let began = pass.began, !method.isStream else { return }
        let now = AdmissionClock.now
        estimate.withLockIfAvailable { estimate in
            guard succeeded || Double(now - began) > estimate.latency else { return }
            guard let elapsed = estimate.record(latency: now - began, concurrency: Int(pass.concurrency), now: now) else { return }
            publish(estimate, elapsed)
        }
    }

    private func publish(_ estimate: ConcurrencyLimit, _ elapsed: Int64) {
        limit.store(UInt32(clamping: estimate.limit), ordering: .relaxed)
        expected.store(estimate.isInForce ? Int64(estimate.latency) : 0, ordering: .relaxed)
        let mask = mask.load(ordering: .relaxed)
        if elapsed < Self.windows.short, mask < Self.thinnest { self.mask.store(mask << 1 | 1, ordering: .relaxed) }
        if elapsed > Self.windows.long { self.mask.store(mask >> 1, ordering: .relaxed) }
    }

    /// The time in which the calls in progress are likely over, in nanoseconds.
    var drainTime: Int64 { expected.load(ordering: .relaxed) }

    var statistics: AdmissionStatistics.Method {
        let (baseline, latency) = estimate.withLock { ($0.baseline, $0.latency) }
        return AdmissionStatistics.Method(
            path: method.path, inProgress: Int(UInt32(truncatingIfNeeded: counts.load(ordering: .relaxed))),
            limit: Int(limit.load(ordering: .relaxed)), refused: refused.load(ordering: .relaxed),
            unloadedLatency: .nanoseconds(Int64(baseline)), latency: .nanoseconds(Int64(latency)))
    }
}

extension MethodDescriptor {
    /// How long a stream lasts says nothing of load.
    fileprivate var isStream: Bool { kind != .unary }
}

/// Monotonic, in nanoseconds.
enum AdmissionClock {
    static var now: Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }
}
