internal import Glibc
internal import NIOCore
internal import Synchronization

/// Looks for the next bytes of an event loop's connections before its thread sleeps, as far as `SpinPolicy` lets it. Confined to the loop,
/// but for `interrupt`.
///
/// The loop does nothing else meanwhile, for at most `ConnectionLimits.longestSpin`: so this is for turns in which one call was all there
/// was, and for loops with few connections, all of which it looks at.
final class LoopSpin: @unchecked Sendable {
    /// Loops with more connections do not spin.
    private static let mostConnections = 8
    /// Nanoseconds between two looks, of which each takes less than one microsecond, after which another thread has had the core.
    private static let longestLook: Int64 = 150_000

    private var descriptors: [pollfd] = []
    /// Connections that cannot be looked at.
    private var unseen = 0
    @exclusivity(unchecked) private(set) var policy = SpinPolicy(longest: 0)
    /// What a spin at the end of this turn may last, in nanoseconds.
    @exclusivity(unchecked) private var upcoming: Int64?
    /// The loop has been given work from elsewhere.
    private let interrupted = Atomic<Bool>(false)

    /// - Parameters:
    ///   - descriptor: the connection's socket; nil when it has none to look at.
    ///   - longest: nanoseconds that a spin may last. The last connection's holds.
    func add(_ descriptor: CInt?, longest: Int64) {
        if policy.longest != longest { policy = SpinPolicy(longest: longest) }
        guard let descriptor else { return unseen += 1 }
        descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }

    func remove(_ descriptor: CInt?) {
        guard let descriptor else { return unseen -= 1 }
        if let index = descriptors.firstIndex(where: { $0.fd == descriptor }) { descriptors.remove(at: index) }
    }

    /// A connection's turn was over: one call was all that it brought, and the next one is likely to come soon.
    func turnEnded(on loop: any EventLoop) {
        // Not the only one in this pass over what was ready: the loop is busy.
        guard upcoming == nil else { return upcoming = 0 }
        guard unseen == 0, descriptors.count <= Self.mostConnections, let longest = policy.turnEnds() else { return }
        upcoming = longest
        interrupted.store(false, ordering: .relaxed)
        // After what else was ready has been done.
        loop.assumeIsolated().execute { self.run() }
    }

    /// Work was enqueued on the loop: it does not wait for the end of a spin.
    func interrupt() {
        interrupted.store(true, ordering: .relaxed)
    }

    private func run() {
        guard let longest = upcoming, longest > 0 else { return upcoming = nil }
        upcoming = nil
        let began = NIODeadline.now()
        var elapsed: Int64 = 0
        while elapsed < longest {
            if interrupted.load(ordering: .relaxed) { return }
            let isFound = poll(&descriptors, nfds_t(descriptors.count), 0) != 0
            let now = (.now() - began).nanoseconds
            if now - elapsed > Self.longestLook { return policy.preempted() }
            if isFound { return policy.found(after: elapsed) }
            elapsed = now
        }
        policy.foundNothing()
    }
}
