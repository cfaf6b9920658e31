/// The exchange's clock as last read, carried on by this machine's monotonic clock: a step of the wall clock changes nothing.
struct ServerClock: Sendable, Equatable {
    /// How long a reading is trusted.
    static let maximumAge: Duration = .seconds(600)

    /// Milliseconds since 1970 at `anchor`.
    private let milliseconds: Int64
    private let anchor: ContinuousClock.Instant

    /// - Parameters:
    ///   - serverTime: what the exchange answered, milliseconds since 1970.
    ///   - asked: when the question was sent.
    ///   - answered: when its answer was here. The exchange read its clock between the two; the middle is the best guess.
    init(serverTime: Int64, asked: ContinuousClock.Instant, answered: ContinuousClock.Instant) {
        milliseconds = serverTime
        anchor = asked.advanced(by: (answered - asked) / 2)
    }

    /// The exchange's time at `now`, milliseconds since 1970.
    func time(at now: ContinuousClock.Instant) -> Int64 {
        milliseconds + (now - anchor).wholeMilliseconds
    }

    func isFresh(at now: ContinuousClock.Instant) -> Bool {
        now - anchor < Self.maximumAge
    }
}

extension Duration {
    /// Rounded towards zero.
    var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
