import Trading

/// An order of one account. Times are market time, milliseconds since 1970.
struct Order: Sendable, Equatable {
    enum Side: String, Sendable {
        case buy = "BUY"
        case sell = "SELL"
    }

    enum Kind: String, Sendable {
        case limit = "LIMIT"
        case market = "MARKET"
        /// LIMIT that is refused rather than take from the book.
        case limitMaker = "LIMIT_MAKER"
    }

    enum TimeInForce: String, Sendable {
        case goodTillCancelled = "GTC"
        case immediateOrCancel = "IOC"
        case fillOrKill = "FOK"
    }

    enum Status: String, Sendable {
        case new = "NEW"
        case partiallyFilled = "PARTIALLY_FILLED"
        case filled = "FILLED"
        case canceled = "CANCELED"
        case expired = "EXPIRED"
    }

    /// Assigned by the store.
    var id: Int64 = 0
    let account: Int64
    let symbol: String
    var clientOrderID: String
    let side: Side
    let kind: Kind
    let timeInForce: TimeInForce
    /// Zero for MARKET.
    let price: Decimal
    /// Base quantity asked for; of a MARKET order by quote amount, what that came to.
    var quantity: Decimal
    /// Quote amount asked for; zero when the order is by base quantity.
    let quoteQuantity: Decimal
    var executed = Decimal.zero
    var executedQuote = Decimal.zero
    /// What is still locked for it.
    var reserved = Decimal.zero
    var status = Status.new
    let createdTime: Int64
    var updatedTime: Int64
    /// Up to which market time it was matched.
    var checkedTime: Int64

    var isOpen: Bool { status == .new || status == .partiallyFilled }

    func remaining() throws -> Decimal {
        try quantity - executed
    }
}

/// One trade of an order.
struct Fill: Sendable, Equatable {
    var price: Decimal
    var quantity: Decimal
    var quote: Decimal
    var commission: Decimal
    var commissionAsset: String
    var isMaker: Bool
    /// Market time.
    var time: Int64
}
