internal import Synchronization

/// Lets one side of a test wait for the other.
public final class Signal: Sendable {
    private let state = Mutex<(raised: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    public init() {}

    public func raise() {
        let waiters = state.withLock { state in
            state.raised = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    public var isRaised: Bool { state.withLock { $0.raised } }

    public func wait() async {
        await withCheckedContinuation { waiter in
            let raised = state.withLock { state in
                if !state.raised { state.waiters.append(waiter) }
                return state.raised
            }
            if raised { waiter.resume() }
        }
    }
}

/// Waits until the task it runs in is cancelled.
public func untilCancelled() async {
    let cancelled = Signal()
    await withTaskCancellationHandler {
        await cancelled.wait()
    } onCancel: {
        cancelled.raise()
    }
}
