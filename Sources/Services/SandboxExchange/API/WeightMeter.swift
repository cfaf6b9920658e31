/// Request weight used by each address in the current minute, and bans. Pure value; times are wall milliseconds.
struct WeightMeter: Sendable {
    struct Limits: Sendable {
        var weightPerMinute = 6000
        /// Requests refused with 429 in one minute before the address is banned.
        var refusalsBeforeBan = 100
        var banSeconds: Int64 = 120
    }

    private struct Usage {
        var minute: Int64 = 0
        var weight = 0
        var refusals = 0
        var bannedUntil: Int64 = 0
    }

    let limits: Limits
    private var usage: [String: Usage] = [:]
    /// Most addresses remembered; the table starts anew beyond it.
    private static let maximumAddresses = 10_000
    private static let minute: Int64 = 60_000

    init(limits: Limits) {
        self.limits = limits
    }

    /// Counts a request.
    ///
    /// - Returns: the weight used in this minute, for `X-MBX-USED-WEIGHT-1M`.
    /// - Throws: 429 over the limit, 418 while banned.
    mutating func charge(_ weight: Int, address: String, now: Int64) throws -> Int {
        if usage.count >= Self.maximumAddresses, usage[address] == nil { usage = [:] }
        var mine = usage[address] ?? Usage()
        defer { usage[address] = mine }
        if mine.minute != now / Self.minute {
            mine = Usage(minute: now / Self.minute, bannedUntil: mine.bannedUntil)
        }
        guard now >= mine.bannedUntil else { throw Self.banned(until: mine.bannedUntil, now: now) }
        mine.weight += weight
        guard mine.weight > limits.weightPerMinute else { return mine.weight }
        mine.refusals += 1
        guard mine.refusals > limits.refusalsBeforeBan else { throw refused(now: now) }
        mine.bannedUntil = now + limits.banSeconds * 1000
        throw Self.banned(until: mine.bannedUntil, now: now)
    }

    private func refused(now: Int64) -> ExchangeFault {
        ExchangeFault(
            status: 429, code: -1003,
            message: "Too much request weight used; current limit is \(limits.weightPerMinute) request weight per 1 MINUTE. "
                + "Please use WebSocket Streams for live updates to avoid polling the API.",
            retryAfter: Int((Self.minute - now % Self.minute + 999) / 1000))
    }

    private static func banned(until: Int64, now: Int64) -> ExchangeFault {
        ExchangeFault(
            status: 418, code: -1003,
            message:
                "Way too much request weight used; IP banned until \(until). Please use WebSocket Streams for live updates to avoid bans.",
            retryAfter: Int((until - now + 999) / 1000))
    }
}
