/// What the exchange, or the way to it, said instead of an answer. Holds no key, signature or signed address.
public struct ExchangeError: Error, Sendable, Equatable {
    /// What the caller may conclude.
    public enum Kind: Sendable, Equatable {
        /// The exchange looked at the request and refused it. Nothing happened there.
        case rejected
        /// The request may or may not have taken effect. Only asking tells; sending again could do it twice.
        case unknownOutcome
        /// Too many requests or orders; nothing happened there. `retryAfter` says how long to keep still.
        case rateLimited
        /// The exchange did not take the request: not reached, overloaded, or clocks apart. Nothing happened there.
        case unavailable
        /// The key, its permissions or its signature are not accepted. Nothing happened there.
        case credentials
        /// Whoever holds the key did not sign, in time or at all: nothing was sent.
        case notSigned
        /// Whoever wanted it sent did not let it go in the end: nothing was sent.
        case withheld
    }

    public var kind: Kind
    /// Binance's error code, such as -2010; nil when the answer carried none.
    public var code: Int?
    /// Binance's text, or ours when there was no answer.
    public var message: String
    public var httpStatus: Int?
    public var retryAfter: Duration?

    public init(_ kind: Kind, code: Int? = nil, message: String, httpStatus: Int? = nil, retryAfter: Duration? = nil) {
        self.kind = kind
        self.code = code
        self.message = message
        self.httpStatus = httpStatus
        self.retryAfter = retryAfter
    }

    /// The exchange has no order of that id (-2013).
    public var isUnknownOrder: Bool { code == ExchangeErrorCode.orderDoesNotExist }
}

extension ExchangeError: CustomStringConvertible {
    public var description: String {
        let origin = [httpStatus.map { "HTTP \($0)" }, code.map { "code \($0)" }].compactMap(\.self).joined(separator: ", ")
        return origin.isEmpty ? "exchange \(kind): \(message)" : "exchange \(kind) (\(origin)): \(message)"
    }
}

/// The codes that decide how an error is classified. Source: binance-spot-api-docs, errors.md.
enum ExchangeErrorCode {
    static let unknown = -1000
    static let disconnected = -1001
    static let unauthorized = -1002
    static let tooManyRequests = -1003
    static let unexpectedResponse = -1006
    static let timeout = -1007
    static let serverBusy = -1008
    static let tooManyOrders = -1015
    static let invalidTimestamp = -1021
    static let invalidSignature = -1022
    static let unknownKey = -2008
    static let orderDoesNotExist = -2013
    static let badKeyFormat = -2014
    static let rejectedKey = -2015
}
