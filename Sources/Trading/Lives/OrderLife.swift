/// The states of an order. The raw value is how it is stored.
public enum OrderState: String, Sendable, Hashable, CaseIterable {
    /// Durable here; nothing has left the process.
    case intent
    /// Sent, or about to be. Resolved by asking, never by sending again.
    case unknown
    case new
    case partiallyFilled
    case filled
    case canceled
    case rejected
    case expired
    /// Never left this process and never will, or the exchange never took it and no longer can.
    case notSent

    public var isFinal: Bool {
        switch self {
        case .filled, .canceled, .rejected, .expired, .notSent: true
        case .intent, .unknown, .new, .partiallyFilled: false
        }
    }
}

public enum OrderEvent: Sendable, Hashable {
    /// Audit acknowledged the intent; the send follows.
    case dispatch
    /// Audit did not acknowledge, or the process died before the send.
    case abandon
    /// The exchange refused it.
    case refused
    /// The exchange does not know it and can no longer take it: the request's receive window has passed.
    case neverArrived
    /// The exchange's word on it: one of new, partiallyFilled, filled, canceled, rejected, expired.
    case reported(OrderState)
}

extension OrderState {
    private static let reportable: Set<OrderState> = [.new, .partiallyFilled, .filled, .canceled, .rejected, .expired]

    /// The next state, or nil when the event may not happen. Only `intent` can be dispatched: nothing is sent twice.
    public func after(_ event: OrderEvent) -> OrderState? {
        switch (self, event) {
        case (.intent, .dispatch): .unknown
        case (.intent, .abandon): .notSent
        case (.unknown, .refused): .rejected
        case (.unknown, .neverArrived): .notSent
        case (.unknown, .reported(let state)) where OrderState.reportable.contains(state): state
        case (.new, .reported(let state)) where OrderState.reportable.contains(state): state
        case (.partiallyFilled, .reported(let state)) where OrderState.reportable.subtracting([.new, .rejected]).contains(state): state
        default: nil
        }
    }
}
