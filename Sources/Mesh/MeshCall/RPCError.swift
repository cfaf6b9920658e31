/// A call's failure. `code`, `message`, `reason`, `retryAfter`, `details` and `trailers` cross the wire and must be safe for the caller;
/// `cause` never does: it is for this process's log.
public struct RPCError: Error, Sendable {
    /// What went wrong, for programs.
    public var code: StatusCode
    /// What went wrong, for people: a sentence.
    public var message: String
    /// For programs to compare: upper case with underscores (`SECOND_FACTOR_REQUIRED`). Travels as an `ErrorInfo` detail.
    public var reason: String?
    /// When trying again makes sense. Travels as a `RetryInfo` detail.
    public var retryAfter: Duration?
    /// More for programs, beside the two above: see ``StatusDetail`` for how much.
    public var details: [StatusDetail]
    /// Sent with the status, after the handler's own trailers.
    public var trailers: Metadata
    /// What is behind it, as this side knows it; what a server had for a cause stays there.
    public var cause: (any Error)?

    /// An error as a handler throws it, or as a caller gets it.
    public init(
        _ code: StatusCode, _ message: String, reason: String? = nil, retryAfter: Duration? = nil,
        details: [StatusDetail] = [], trailers: Metadata = [:], cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.reason = reason
        self.retryAfter = retryAfter
        self.details = details
        self.trailers = trailers
        self.cause = cause
    }
}

extension RPCError: CustomStringConvertible {
    /// Code, reason and message, without the cause.
    public var description: String {
        reason.map { "\(code) (\($0)): \(message)" } ?? "\(code): \(message)"
    }
}
