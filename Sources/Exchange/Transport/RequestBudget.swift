/// How much of the exchange's request weight this client has left, as the exchange's own headers say. Pure value.
struct RequestBudget: Sendable, Equatable {
    /// Weight a minute: Binance's REQUEST_WEIGHT limit.
    let limit: Int
    /// The part of the limit that reading may use; the rest stays for orders.
    let readLimit: Int

    private var used = 0
    private var windowEnds: ContinuousClock.Instant?
    private var silentUntil: ContinuousClock.Instant?

    private static let window: Duration = .seconds(60)
    /// Kept after a refusal that names no time.
    private static let defaultSilence: Duration = .seconds(10)

    init(limit: Int) {
        self.limit = limit
        readLimit = limit * 9 / 10
    }

    /// How long to wait before a request of this weight may be sent; nil means now.
    mutating func wait(weight: Int, isTrading: Bool, now: ContinuousClock.Instant) -> Duration? {
        if let silentUntil {
            if now < silentUntil { return silentUntil - now }
            self.silentUntil = nil
        }
        guard let windowEnds, now < windowEnds else {
            self.windowEnds = nil
            used = 0
            return nil
        }
        return used + weight > (isTrading ? limit : readLimit) ? windowEnds - now : nil
    }

    /// Notes `X-MBX-USED-WEIGHT-1M`. A smaller value than before means that a new minute began there.
    mutating func note(usedWeight: Int, now: ContinuousClock.Instant) {
        if windowEnds == nil || usedWeight < used {
            windowEnds = now.advanced(by: Self.window)
        }
        used = usedWeight
    }

    /// Notes a 429 or 418: nothing is sent until the time is over.
    mutating func noteRefusal(retryAfter: Duration?, now: ContinuousClock.Instant) {
        let end = now.advanced(by: retryAfter ?? Self.defaultSilence)
        silentUntil = max(end, silentUntil ?? end)
    }
}
