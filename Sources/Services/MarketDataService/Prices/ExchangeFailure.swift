import Exchange
import MeshCall

/// What callers are told when the exchange fails.
enum ExchangeFailure {
    private static let badSymbol = -1121

    static func rpcError(_ error: ExchangeError) -> RPCError {
        switch error.kind {
        case .rejected where error.code == badSymbol:
            RPCError(.notFound, "The exchange does not know this symbol.", reason: "UNKNOWN_SYMBOL", cause: error)
        case .rejected:
            RPCError(.failedPrecondition, "The exchange refused the request.", reason: "EXCHANGE_REFUSED", cause: error)
        case .rateLimited:
            RPCError(
                .unavailable, "The exchange asks for a pause.", reason: "EXCHANGE_RATE_LIMIT", retryAfter: error.retryAfter, cause: error)
        case .credentials:
            RPCError(.unavailable, "The exchange does not accept the read key.", reason: "EXCHANGE_KEY_REFUSED", cause: error)
        case .unavailable, .unknownOutcome, .notSigned, .withheld:
            RPCError(.unavailable, "The exchange cannot be reached.", reason: "EXCHANGE_UNAVAILABLE", cause: error)
        }
    }

    /// Whether a value that is a little old is a better answer than this error.
    static func isPassing(_ error: any Error) -> Bool {
        (error as? RPCError)?.code == .unavailable
    }
}
