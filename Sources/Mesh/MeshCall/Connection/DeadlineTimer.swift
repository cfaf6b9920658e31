internal import NIOCore

/// One event-loop timer for all deadlines of a connection: it fires at the earliest and is not touched when a call ends before.
struct DeadlineTimer {
    private var scheduled: Scheduled<Void>?
    private var firesAt = NIODeadline.distantFuture

    /// Whether the timer has to be set for this deadline. To be asked before `arm`, which most calls then need not do.
    func isLate(for deadline: NIODeadline) -> Bool { deadline < firesAt }

    /// Makes sure that `sweep` runs at `deadline` or before. `sweep` arms the timer again for the earliest deadline that it finds.
    mutating func arm(_ deadline: NIODeadline, on loop: any EventLoop, _ sweep: @escaping @Sendable () -> Void) {
        guard deadline < firesAt else { return }
        scheduled?.cancel()
        scheduled = loop.scheduleTask(deadline: deadline, sweep)
        firesAt = deadline
    }

    mutating func fired() {
        scheduled = nil
        firesAt = .distantFuture
    }

    mutating func stop() {
        scheduled?.cancel()
        fired()
    }
}
