internal import NIOCore
internal import Synchronization

/// Bounds the log lines that strangers can cause: so many each second, and then one that says how many were left out.
final class LogThrottle: Sendable {
    private struct State {
        var second = NIODeadline.now()
        var lines = 0
        var leftOut = 0
    }

    private let linesPerSecond: Int
    private let state = Mutex(State())

    init(linesPerSecond: Int) {
        self.linesPerSecond = linesPerSecond
    }

    /// - Returns: nil when the line is to be left out, otherwise how many were left out since the last one.
    func admit(at now: NIODeadline = .now()) -> Int? {
        state.withLock { state in
            if now - state.second >= .seconds(1) { (state.second, state.lines) = (now, 0) }
            guard state.lines < linesPerSecond else {
                state.leftOut += 1
                return nil
            }
            state.lines += 1
            defer { state.leftOut = 0 }
            return state.leftOut
        }
    }
}
