/// The best bid and ask at one moment.
public struct BookTop: Sendable, Hashable {
    public let bid: Decimal
    public let ask: Decimal
    /// When it was seen, milliseconds since 1970.
    public let timeMilliseconds: Int64

    /// Nil unless both are more than zero and the bid is not above the ask.
    public init?(bid: Decimal, ask: Decimal, timeMilliseconds: Int64) {
        guard bid.isPositive, bid <= ask else { return nil }
        self.bid = bid
        self.ask = ask
        self.timeMilliseconds = timeMilliseconds
    }

    /// What an order of this side would trade at now: "the market".
    public func market(for side: Side) -> Decimal {
        side == .buy ? ask : bid
    }
}
