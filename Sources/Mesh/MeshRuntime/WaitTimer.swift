internal import NIOCore
internal import Synchronization

/// Ends one wait at its deadline, and costs nothing once the wait is over.
final class WaitTimer: Sendable {
    private struct State {
        var scheduled: Scheduled<Void>?
        var isOver = false
    }

    private let state = Mutex(State())

    /// - Parameter body: runs at `deadline` unless `stop` comes first. The wait may already be over.
    func start(on loop: any EventLoop, at deadline: ContinuousClock.Instant, _ body: @escaping @Sendable () -> Void) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.scheduled = loop.scheduleTask(in: TimeAmount(max(.zero, deadline - .now)), body)
        }
    }

    func stop() {
        let scheduled = state.withLock { state in
            state.isOver = true
            return state.scheduled
        }
        scheduled?.cancel()
    }
}
