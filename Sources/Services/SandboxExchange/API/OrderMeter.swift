/// Unfilled orders placed by each account in the current ten seconds and the current day. Pure value; times are wall milliseconds.
struct OrderMeter: Sendable {
    struct Limits: Sendable {
        var perTenSeconds = 100
        var perDay = 200_000
    }

    /// For `X-MBX-ORDER-COUNT-10S` and `-1D`.
    struct Count: Sendable, Equatable {
        var tenSeconds = 0
        var day = 0
    }

    private struct Usage {
        var tenSeconds: Int64 = 0
        var day: Int64 = 0
        var count = Count()
    }

    let limits: Limits
    private var usage: [Int64: Usage] = [:]

    init(limits: Limits) {
        self.limits = limits
    }

    /// Counts an order.
    ///
    /// - Throws: 429 with -1015 over a limit.
    mutating func charge(_ account: Int64, now: Int64) throws -> Count {
        var mine = current(account, now: now)
        if mine.count.tenSeconds >= limits.perTenSeconds {
            throw Self.refused(limits.perTenSeconds, "10 SECOND", retryAfter: 10)
        }
        if mine.count.day >= limits.perDay { throw Self.refused(limits.perDay, "1 DAY", retryAfter: 86_400) }
        mine.count.tenSeconds += 1
        mine.count.day += 1
        usage[account] = mine
        return mine.count
    }

    /// Gives an order back that filled at once.
    mutating func refund(_ account: Int64, now: Int64) -> Count {
        var mine = current(account, now: now)
        mine.count.tenSeconds = max(0, mine.count.tenSeconds - 1)
        mine.count.day = max(0, mine.count.day - 1)
        usage[account] = mine
        return mine.count
    }

    func count(_ account: Int64, now: Int64) -> Count {
        current(account, now: now).count
    }

    private func current(_ account: Int64, now: Int64) -> Usage {
        var mine = usage[account] ?? Usage()
        if mine.tenSeconds != now / 10_000 {
            mine.tenSeconds = now / 10_000
            mine.count.tenSeconds = 0
        }
        if mine.day != now / 86_400_000 {
            mine.day = now / 86_400_000
            mine.count.day = 0
        }
        return mine
    }

    private static func refused(_ limit: Int, _ interval: String, retryAfter: Int) -> ExchangeFault {
        ExchangeFault(
            status: 429, code: -1015, message: "Too many new orders; current limit is \(limit) orders per \(interval).",
            retryAfter: retryAfter)
    }
}
