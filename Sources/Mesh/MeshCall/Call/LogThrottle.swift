package import NIOCore
internal import Synchronization

/// Bounds the log lines that peers can cause: so many each second for each cause, and then one that says how many were left out.
package final class LogThrottle: Sendable {
    /// Whose lines share a bound.
    package struct Cause: Hashable, Sendable {
        let peer: String
        let reason: String

        /// Strangers', and that of all for whom there is no room.
        package static let anyone = Cause(peer: "", reason: "")
    }

    /// Causes told apart; all beyond share one bound.
    static let maximumCauses = 256
    /// What counts together.
    private static let second = TimeAmount.seconds(1)

    private struct Rate {
        var began: NIODeadline
        var lines = 0
        var leftOut = 0

        /// - Returns: as ``LogThrottle/admit(_:at:)`` does.
        mutating func admit(upTo most: Int, at now: NIODeadline) -> Int? {
            if now - began >= LogThrottle.second { (began, lines) = (now, 0) }
            guard lines < most else {
                leftOut += 1
                return nil
            }
            lines += 1
            defer { leftOut = 0 }
            return leftOut
        }
    }

    private struct State {
        var rates: [Cause: Rate] = [:]
        /// When there was last looked for causes that have been quiet.
        var swept: NIODeadline?

        /// Where a cause's lines are counted.
        mutating func place(of cause: Cause, at now: NIODeadline) -> Cause {
            if rates[cause] != nil || rates.count < maximumCauses { return cause }
            if swept.map({ now - $0 >= second }) ?? true { forgetQuiet(at: now) }
            return rates.count < maximumCauses ? cause : .anyone
        }

        /// What is left to be told of them is told with everybody else's.
        private mutating func forgetQuiet(at now: NIODeadline) {
            swept = now
            let quiet = rates.filter { $0.key != .anyone && now - $0.value.began >= second }
            for cause in quiet.keys { rates[cause] = nil }
            let untold = quiet.values.reduce(0) { $0 + $1.leftOut }
            if untold > 0 { rates[.anyone, default: Rate(began: now)].leftOut += untold }
        }
    }

    private let linesPerSecond: Int
    private let state = Mutex(State())

    /// - Parameter linesPerSecond: of each cause.
    package init(linesPerSecond: Int) {
        self.linesPerSecond = linesPerSecond
    }

    /// - Returns: nil when the line is to be left out, otherwise how many were left out since the last one.
    package func admit(_ cause: Cause = .anyone, at now: NIODeadline = .now()) -> Int? {
        state.withLock { state in
            let place = state.place(of: cause, at: now)
            return state.rates[place, default: Rate(began: now)].admit(upTo: linesPerSecond, at: now)
        }
    }
}
