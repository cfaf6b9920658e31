internal import NIOCore

/// One event-loop timer for all deadlines of a connection: it fires at the earliest and is not touched when a call ends before.
struct DeadlineTimer {
    private var scheduled: (task: Scheduled<Void>, at: ContinuousClock.Instant)?

    /// Makes sure that `sweep` runs at `deadline` or before. `sweep` arms the timer again for the earliest deadline that it finds.
    mutating func arm(_ deadline: ContinuousClock.Instant, on loop: any EventLoop, _ sweep: @escaping @Sendable () -> Void) {
        if let scheduled {
            guard deadline < scheduled.at else { return }
            scheduled.task.cancel()
        }
        let delay = TimeAmount(max(.zero, deadline - .now))
        scheduled = (loop.scheduleTask(in: delay, sweep), deadline)
    }

    mutating func fired() {
        scheduled = nil
    }

    mutating func stop() {
        scheduled?.task.cancel()
        scheduled = nil
    }
}
