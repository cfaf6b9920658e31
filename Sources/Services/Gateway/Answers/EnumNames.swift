internal import ServiceAPI

/// Enum values as the `.proto` names them, without the enum's prefix.
enum EnumName {
    static func of(_ state: ExecutionV1.ProposalState) -> String {
        switch state {
        case .open: "OPEN"
        case .rejected: "REJECTED"
        case .expired: "EXPIRED"
        case .signed: "SIGNED"
        case .abandoned: "ABANDONED"
        case .unspecified, .unrecognized: "UNSPECIFIED"
        }
    }

    static func of(_ state: ExecutionV1.OrderState) -> String {
        switch state {
        case .intent: "INTENT"
        case .unknown: "UNKNOWN"
        case .new: "NEW"
        case .partiallyFilled: "PARTIALLY_FILLED"
        case .filled: "FILLED"
        case .canceled: "CANCELED"
        case .rejected: "REJECTED"
        case .expired: "EXPIRED"
        case .notSent: "NOT_SENT"
        case .unspecified, .unrecognized: "UNSPECIFIED"
        }
    }

    static func of(_ side: ExecutionV1.Side) -> String {
        switch side {
        case .buy: "BUY"
        case .sell: "SELL"
        case .unspecified, .unrecognized: "UNSPECIFIED"
        }
    }

    static func of(_ type: ExecutionV1.OrderType) -> String {
        switch type {
        case .market: "MARKET"
        case .limit: "LIMIT"
        case .unspecified, .unrecognized: "UNSPECIFIED"
        }
    }

    static func of(_ provenance: ExecutionV1.Provenance) -> String {
        switch provenance {
        case .user: "USER"
        case .policy: "POLICY"
        case .derived: "DERIVED"
        case .model: "MODEL"
        case .unspecified, .unrecognized: "UNSPECIFIED"
        }
    }
}
