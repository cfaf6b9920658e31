internal import MeshCall

/// Decides whether a failed call is made again, and after which wait.
struct RetryPolicy: Sendable {
    enum Decision: Hashable, Sendable {
        case giveUp
        /// `paid`: it may have run before, so it costs budget.
        case again(after: Duration, paid: Bool)
    }

    private let limits: RetryLimits
    private let maximumAttempts: Int

    init(_ limits: ClientLimits) {
        self.limits = limits.retry
        maximumAttempts = limits.maximumAttempts
    }

    /// - Parameters:
    ///   - past: the attempts so far, this one included.
    ///   - timeLeft: to the call's deadline.
    ///   - random: 0 to 1.
    func decide(_ error: RPCError, _ past: PastAttempts, timeLeft: Duration, random: Double) -> Decision {
        guard timeLeft > .zero else { return .giveUp }
        if past.lastNeverRan {
            guard past.neverRan < maximumAttempts else { return .giveUp }
            // The first move goes to another connection at once; a peer that keeps sending calls away gets time.
            return again(after: past.neverRan == 1 ? .zero : jittered(past.neverRan - 1, random), paid: false, timeLeft)
        }
        guard past.mayRunTwice, past.ran < maximumAttempts, Self.isTransient(error) else { return .giveUp }
        guard error.retryAfter ?? .zero <= limits.maximumRetryAfter else { return .giveUp }
        return again(after: max(.zero, error.retryAfter ?? .zero) + jittered(past.ran, random), paid: true, timeLeft)
    }

    private func again(after delay: Duration, paid: Bool, _ timeLeft: Duration) -> Decision {
        delay < timeLeft ? .again(after: delay, paid: paid) : .giveUp
    }

    /// Full jitter: any part of an exponential wait.
    private func jittered(_ attempt: Int, _ random: Double) -> Duration {
        var wait = limits.backoff
        for _ in 1..<max(1, attempt) where wait < limits.maximumBackoff { wait = wait * 2 }
        return min(wait, limits.maximumBackoff) * min(max(random, 0), 1)
    }

    /// The connection was lost, the server is going away, or it asked for another try.
    private static func isTransient(_ error: RPCError) -> Bool {
        switch error.code {
        case .unavailable:
            error.retryAfter != nil || error.reason == RPCError.connectionLostReason || error.reason == "DRAINING"
        case .resourceExhausted: error.retryAfter != nil
        default: false
        }
    }
}

/// What became of the attempts of one call.
struct PastAttempts: Sendable {
    let mayRunTwice: Bool
    /// Attempts that may have run.
    private(set) var ran = 0
    /// Attempts that certainly did not run.
    private(set) var neverRan = 0
    private(set) var lastNeverRan = false

    init(mayRunTwice: Bool) {
        self.mayRunTwice = mayRunTwice
    }

    /// Attempts so far.
    var count: Int { ran + neverRan }

    mutating func add(certainlyNotRun: Bool) {
        lastNeverRan = certainlyNotRun
        if certainlyNotRun { neverRan += 1 } else { ran += 1 }
    }
}
