/// How long a token lives, and what to do about it.
struct TokenLease: Sendable, Equatable {
    enum Step: Equatable { case use, renew, logIn }

    let issued: ContinuousClock.Instant
    /// nil for a token that does not end.
    let duration: Duration?
    let isRenewable: Bool

    /// Before its end it is renewed at two thirds of its life; what cannot be renewed is replaced at nine tenths.
    func step(at now: ContinuousClock.Instant) -> Step {
        guard let duration else { return .use }
        let age = issued.duration(to: now)
        if age < duration * (2.0 / 3) { return .use }
        if age < duration * 0.9 { return isRenewable ? .renew : .use }
        return .logIn
    }
}

extension TokenLease {
    init(_ auth: VaultAuth, issued: ContinuousClock.Instant) {
        self.issued = issued
        duration = auth.lease_duration > 0 ? .seconds(min(auth.lease_duration, 1 << 30)) : nil
        isRenewable = auth.renewable
    }
}
