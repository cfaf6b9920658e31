/// How long somebody who keeps failing has to wait: a few tries are free, then the delay doubles up to a bound.
/// It never becomes a lock, which a stranger could turn against the account's owner.
enum AttemptDelay {
    /// Failures in a row that cost no waiting.
    static let freeFailures: Int64 = 4
    /// Seconds.
    static let longest: Int64 = 300
    /// Failures are forgotten after a day without another, in seconds.
    static let memory: Int64 = 86400

    /// Seconds to wait after so many failures in a row.
    static func seconds(afterFailures failures: Int64) -> Int64 {
        guard failures > freeFailures else { return 0 }
        let doublings = min(failures - freeFailures - 1, 16)
        return min(1 << doublings, longest)
    }
}

/// An attempt that was counted as a failure before it was checked, so that parallel guesses cannot outrun the count.
enum AttemptAdmission: Sendable, Equatable {
    /// Failures in a row, this one included.
    case admitted(failures: Int64)
    /// Seconds until the next attempt may be made.
    case tooEarly(wait: Int64)
}
