internal import Exchange
internal import MeshCall
internal import Trading

/// The errors that execution answers with. Their texts are written for the person.
enum Refusal {
    static func invalid(_ message: String, _ reason: String) -> RPCError {
        RPCError(.invalidArgument, message, reason: reason)
    }

    static func precondition(_ message: String, _ reason: String) -> RPCError {
        RPCError(.failedPrecondition, message, reason: reason)
    }

    static let unknownProposal = RPCError(.notFound, "There is no such proposal.", reason: "PROPOSAL_UNKNOWN")
    static let unknownUtterance = RPCError(.notFound, "There is no such utterance.", reason: "UTTERANCE_UNKNOWN")
    static let notVerified = precondition(
        "In production only a verified person may link an exchange. Ask for verification, then sign in again.", "NOT_VERIFIED")
    static let noExchangeKey = precondition("No exchange key is active for you. Link one first.", "NO_EXCHANGE_KEY")
    static let keyRevoked = precondition("Your exchange key was revoked. Link a new one.", "EXCHANGE_KEY_REVOKED")
    static func keyTooOld(_ days: Int64) -> RPCError {
        precondition("Your exchange key is \(days) days old and no longer used. Link a new one.", "EXCHANGE_KEY_TOO_OLD")
    }
    static let proposalExpired = precondition("The proposal has expired. Ask for a new one.", "PROPOSAL_EXPIRED")
    static let killSwitch = precondition("Trading is stopped for everybody by the operator.", RefusalReason.killSwitch.rawValue)

    static func exchange(_ error: any Error) -> any Error {
        guard let error = error as? ExchangeError else { return error }
        switch error.kind {
        case .credentials: return badExchangeKey(cause: error)
        case .rateLimited:
            return RPCError(
                .resourceExhausted, "The exchange asks for fewer requests.", reason: "EXCHANGE_RATE_LIMIT", retryAfter: error.retryAfter,
                cause: error)
        case .rejected:
            return RPCError(.failedPrecondition, "The exchange refused: \(error.message)", reason: "EXCHANGE_REFUSED", cause: error)
        case .notSigned: return notSigned(error)
        case .withheld:
            return RPCError(.unavailable, "Whether the order may still be sent could not be checked. Nothing was sent.", reason: "NOT_CHECKED", cause: error)
        case .unavailable, .unknownOutcome:
            return RPCError(.unavailable, "The exchange cannot be reached now.", reason: "EXCHANGE_UNAVAILABLE", cause: error)
        }
    }

    /// - Parameter error: of kind `.notSigned`. It names who did not sign.
    static func notSigned(_ error: ExchangeError) -> RPCError {
        RPCError(.unavailable, "Your trade key cannot be used now: \(error.message). Try again.", reason: "KEY_STORE_UNAVAILABLE", cause: error)
    }

    /// - Parameter kind: the store's.
    static func keyStore(_ kind: String, cause: any Error) -> RPCError {
        RPCError(
            .unavailable, "Your trade key cannot be had now from \(TradeKeyHolder.place(kind)). Nothing was sent.", reason: "KEY_STORE_UNAVAILABLE",
            cause: cause)
    }

    /// Found before anything was done about an order.
    ///
    /// - Parameter kind: the store's.
    static func keyStoreAway(_ kind: String, cause: any Error) -> RPCError {
        RPCError(
            .unavailable,
            "Your trade key cannot be used now: \(TradeKeyHolder.place(kind)) does not sign, and nothing was sent. The proposal stays open: sign it again.",
            reason: "KEY_STORE_UNAVAILABLE", cause: cause)
    }

    /// - Parameter kind: the store's.
    static func keyUnusable(_ kind: String, cause: any Error) -> RPCError {
        RPCError(
            .failedPrecondition,
            "\(TradeKeyHolder.place(kind)) does not sign with your trade key, nothing was sent. Link a new one (pulse exchange link); the proposal stays open.",
            reason: "KEY_UNUSABLE", cause: cause)
    }

    /// - Parameter diagnosis: which of key, address and permission it is, as far as the exchange could be asked.
    static func badExchangeKey(_ diagnosis: KeyDiagnosis = .cannotAsk, cause: any Error) -> RPCError {
        RPCError(
            .failedPrecondition, "The exchange does not accept the key. \(diagnosis.advice)", reason: "EXCHANGE_KEY_REFUSED", cause: cause)
    }

    static func unfitKey(_ faults: [KeyFault]) -> RPCError {
        precondition("The key is not taken. \(faults.map(\.advice).joined(separator: " "))", "EXCHANGE_KEY_UNFIT")
    }

    static func terms(_ error: ProposedTermsError) -> RPCError {
        switch error {
        case .malformed(let field): invalid("\(field) is not a canonical value.", "MALFORMED_FIELD")
        case .outOfRange(let field): invalid("\(field) is out of range.", "FIELD_OUT_OF_RANGE")
        case .amountNotExactlyOne: invalid("Give exactly one of quantity, quote_quantity and portion.", "AMOUNT_NOT_EXACTLY_ONE")
        case .priceNotExactlyOne: invalid("A LIMIT order needs exactly one of price and offset.", "PRICE_NOT_EXACTLY_ONE")
        case .priceWithMarket: invalid("A MARKET order has no price.", "PRICE_WITH_MARKET")
        case .quoteQuantityWithLimit: invalid("A LIMIT order needs a base quantity.", "QUOTE_QUANTITY_WITH_LIMIT")
        }
    }

    static func plan(_ error: OrderPlanError) -> RPCError {
        switch error {
        case .roundsToZero(let field):
            precondition("Rounded to the exchange's step, the \(field) is zero.", "ROUNDS_TO_ZERO")
        case .nothingFree(let asset): precondition("You have no free \(asset).", "NOTHING_FREE")
        case .outOfRange: precondition("The numbers are out of range.", "OUT_OF_RANGE")
        }
    }

    static func risk(_ reasons: [RefusalReason], policy: RiskPolicy) -> RPCError {
        let texts = reasons.map { text($0, policy: policy) }
        return precondition(texts.joined(separator: " "), reasons.first?.rawValue ?? "REFUSED")
    }

    private static func text(_ reason: RefusalReason, policy: RiskPolicy) -> String {
        switch reason {
        case .killSwitch: killSwitch.message
        case .symbolNotAllowed: "This symbol may not be traded here."
        case .aboveMaxNotional: "The order may move more than the limit of \(policy.maxNotional)."
        case .lotSize: "The quantity does not fit the exchange's LOT_SIZE."
        case .priceFilter: "The price does not fit the exchange's PRICE_FILTER."
        case .notional: "The order's value does not fit the exchange's NOTIONAL."
        }
    }
}
