/// Where an order stands at the exchange. Source: binance-spot-api-docs, enums.md.
public enum OrderStatus: Hashable, Sendable {
    case new, pendingNew, partiallyFilled, filled, canceled, rejected, expired, expiredInMatch
    /// A word that the exchange added later.
    case other(String)

    private static let names: [(OrderStatus, String)] = [
        (.new, "NEW"), (.pendingNew, "PENDING_NEW"), (.partiallyFilled, "PARTIALLY_FILLED"), (.filled, "FILLED"),
        (.canceled, "CANCELED"), (.rejected, "REJECTED"), (.expired, "EXPIRED"), (.expiredInMatch, "EXPIRED_IN_MATCH"),
    ]

    init(wire: String) {
        self = Self.names.first { $0.1 == wire }?.0 ?? .other(wire)
    }

    /// Nothing more can happen to the order.
    public var isFinal: Bool {
        switch self {
        case .filled, .canceled, .rejected, .expired, .expiredInMatch: true
        case .new, .pendingNew, .partiallyFilled, .other: false
        }
    }
}
