/// Whether an event loop looks for the next bytes for a moment before its thread sleeps, and for how long. A pure value, for one loop.
///
/// Putting a thread to sleep and waking it on another core takes longer than a small call's work, and where the two sides of a call take
/// turns each of them pays that once a call. So a loop may look for a while longer, as the Go scheduler's threads do before they park and
/// KVM does before it halts a processor. It does so where it has been worth it: the half of the spins that find something keeps them going;
/// with fewer of them they become rare, down to one in `rarest` turns, and shorter, down to a few times what those took that found something.
struct SpinPolicy {
    /// Turns of which one is tried, at the least often; a power of two.
    private static let rarest: UInt32 = 1024
    /// A spin may last so many times as long as those that found something did.
    private static let headroom: Int64 = 4

    /// Nanoseconds; 0: never.
    let longest: Int64
    /// Every so many turns a spin is tried; a power of two.
    private(set) var every: UInt32 = 1
    private var turns: UInt32 = 0
    /// Of those spins that found something, in nanoseconds: a moving mean. Before the first one it lets a spin be as long as any.
    private var usual: Int64

    /// - Parameter longest: nanoseconds; 0: never.
    init(longest: Int64) {
        self.longest = max(0, longest)
        usual = self.longest
    }

    /// Nanoseconds that a spin may last at this turn's end; nil when there is to be none.
    mutating func turnEnds() -> Int64? {
        guard longest > 0 else { return nil }
        turns &+= 1
        guard turns & (every - 1) == 0 else { return nil }
        // A rare spin is a trial: what was usual may be so no more.
        return every > 1 ? longest : min(longest, max(longest / 8, usual * Self.headroom))
    }

    /// A spin found something after so many nanoseconds.
    mutating func found(after nanoseconds: Int64) {
        usual += (min(max(0, nanoseconds), longest) - usual) / 8
        every = max(1, every / 2)
    }

    /// Another thread took the core while it was spun on. A thread that waits is given the core as soon as there is something for it, one that
    /// spins has used up its turn by then: so spins become as rare as they may.
    mutating func preempted() {
        every = Self.rarest
    }

    /// A spin found nothing.
    mutating func foundNothing() {
        every = min(Self.rarest, every * 2)
    }
}
