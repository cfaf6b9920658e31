/// A call's failure. `code`, `message`, `reason`, `retryAfter` and `trailers` cross the wire and must be safe for the caller;
/// `cause` never does: it is for this process's log.
public struct RPCError: Error, Sendable {
    public var code: StatusCode
    public var message: String
    /// For programs to compare: upper case with underscores (`SECOND_FACTOR_REQUIRED`). Travels as an `ErrorInfo` detail.
    public var reason: String?
    /// Travels as a `RetryInfo` detail.
    public var retryAfter: Duration?
    public var trailers: Metadata
    public var cause: (any Error)?

    public init(
        _ code: StatusCode, _ message: String, reason: String? = nil, retryAfter: Duration? = nil, trailers: Metadata = [:],
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.reason = reason
        self.retryAfter = retryAfter
        self.trailers = trailers
        self.cause = cause
    }
}

extension RPCError: CustomStringConvertible {
    public var description: String {
        reason.map { "\(code) (\($0)): \(message)" } ?? "\(code): \(message)"
    }
}
