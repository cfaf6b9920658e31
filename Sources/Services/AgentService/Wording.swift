internal import ServiceAPI
internal import Trading

/// Values as people read them.
enum Wording {
    /// At most 8 digits after the point, zeros cut.
    static func number(_ value: Trading.Decimal, places: Int = 8) -> String {
        (try? value.rounded(scale: places, rounding: .halfEven))?.description ?? value.description
    }

    /// A price: 2 digits after the point from 10 up, more below.
    static func price(_ value: Trading.Decimal) -> String {
        number(value, places: value.magnitude < Trading.Decimal(10) ? 6 : 2)
    }

    static func signed(_ value: Trading.Decimal) -> String {
        value.isPositive ? "+\(value)" : value.description
    }

    static func state(_ state: ExecutionV1.OrderState) -> String {
        switch state {
        case .intent: "being prepared"
        case .unknown: "sent, answer not known yet"
        case .new: "open"
        case .partiallyFilled: "partly filled"
        case .filled: "filled"
        case .canceled: "cancelled"
        case .rejected: "rejected"
        case .expired: "expired"
        case .notSent: "not sent"
        case .unspecified, .unrecognized: "in an unknown state"
        }
    }

    static func provenance(_ provenance: ExecutionV1.Provenance) -> String {
        switch provenance {
        case .user: "user"
        case .policy: "policy"
        case .derived: "derived"
        case .model, .unspecified, .unrecognized: "model"
        }
    }
}
