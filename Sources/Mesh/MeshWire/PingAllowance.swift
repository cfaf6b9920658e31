/// How many PINGs the other side may still send, as it was told how much time to leave between them (setting 6). A pure value: time comes in intervals of
/// about a second.
struct PingAllowance: Hashable, Sendable {
    /// What an interval adds, in milliseconds: twice its time, since what is sent in order may come in clusters, and intervals may be lost.
    private static let income = 2000
    /// However little time a side asks for.
    private static let smallestCost = income / WireLimits.pingsAtOnce

    /// Of one PING, in milliseconds.
    private let cost: Int
    private var left: Int

    /// - Parameter minimumInterval: what this side announces, in milliseconds.
    init(minimumInterval: UInt32) {
        cost = max(Int(minimumInterval), Self.smallestCost)
        left = cost * WireLimits.pingsAtOnce
    }

    /// - Returns: false for one too many.
    mutating func take() -> Bool {
        left -= cost
        return left >= 0
    }

    mutating func intervalPassed() {
        left = min(left + Self.income, cost * WireLimits.pingsAtOnce)
    }
}
