/// `cancelRestrictions` of a cancellation: in which state the order must be.
enum CancelRestriction: String, Sendable {
    case onlyNew = "ONLY_NEW"
    case onlyPartiallyFilled = "ONLY_PARTIALLY_FILLED"

    /// Nil when there is no restriction.
    init?(_ parameters: ParameterReader) throws {
        guard let text = try parameters.text("cancelRestrictions") else { return nil }
        guard let restriction = CancelRestriction(rawValue: text) else {
            throw ExchangeFault(
                code: -1145, message: "cancelRestrictions has to be either ONLY_NEW or ONLY_PARTIALLY_FILLED.")
        }
        self = restriction
    }

    func allows(_ status: Order.Status) -> Bool {
        status == (self == .onlyNew ? .new : .partiallyFilled)
    }
}
