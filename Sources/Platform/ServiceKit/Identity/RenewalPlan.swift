/// When a mesh certificate is renewed, and what to do when that fails. A pure value: the clocks are the caller's.
struct RenewalPlan: Sendable {
    enum Step: Equatable, Sendable {
        case rest
        /// By proof of the certificate that there is.
        case renew
        /// By a join token.
        case enrol
    }

    /// After a first failure; doubles with each further one.
    static let shortestRetry = Duration.milliseconds(250)
    static let longestRetry = Duration.seconds(60)
    /// Part of a certificate's life by which its renewal may come later than at half-life, so that not all services come at once.
    static let spread = 0.05

    private let lateness: Double
    private var failures = 0
    private var retryAt: ContinuousClock.Instant?
    /// auth refused this certificate: it will not get another by it.
    private var isRefused = false

    /// - Parameter lateness: 0 to 1, how much of `spread` this process takes.
    init(lateness: Double) {
        self.lateness = min(max(lateness, 0), 1)
    }

    /// - Parameters:
    ///   - life: when the certificate begins and ends, in seconds since 1970; nil without one.
    ///   - seconds: the wall clock, which may have jumped.
    ///   - now: the steady clock, for waits.
    ///   - token: whether there is a join token; a new one is tried at once.
    func step(life: ClosedRange<Int64>?, at seconds: Int64, now: ContinuousClock.Instant, token: JoinTokenState) -> Step {
        let mayTry = retryAt.map { now >= $0 } ?? true
        guard let life, life.contains(seconds), seconds < life.upperBound else { return enrol(token, mayTry) }
        if isRefused, token == .fresh { return .enrol }
        return seconds >= dueAt(life) && mayTry ? .renew : .rest
    }

    private func enrol(_ token: JoinTokenState, _ mayTry: Bool) -> Step {
        switch token {
        case .none: .rest
        case .fresh: .enrol
        case .tried: mayTry ? .enrol : .rest
        }
    }

    /// Half-life, and a little later.
    func dueAt(_ life: ClosedRange<Int64>) -> Int64 {
        let length = Double(life.upperBound - life.lowerBound)
        return life.lowerBound + Int64(length * (0.5 + Self.spread * lateness))
    }

    /// - Parameter jitter: 0 to 1: up to half of the wait is left out.
    mutating func failed(refused: Bool, now: ContinuousClock.Instant, jitter: Double) {
        let wait = min(Self.shortestRetry * (1 << min(failures, 16)), Self.longestRetry)
        failures += 1
        isRefused = isRefused || refused
        retryAt = now + wait * (1 - min(max(jitter, 0), 1) / 2)
    }

    mutating func refused() {
        isRefused = true
    }

    mutating func succeeded() {
        failures = 0
        retryAt = nil
        isRefused = false
    }
}

enum JoinTokenState: Equatable, Sendable {
    case none
    /// Not tried yet.
    case fresh
    case tried
}
