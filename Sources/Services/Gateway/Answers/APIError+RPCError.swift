internal import HTTPSKit
internal import HTTPTypes
internal import MeshCall

extension APIError {
    /// What any error that a handler meets is to the client.
    static func of(_ error: any Error) -> APIError {
        switch error {
        case let error as RPCError: APIError(error)
        case let error as RateLimited:
            APIError(
                .tooManyRequests, code: "RESOURCE_EXHAUSTED", reason: "RATE_LIMITED", "Too many requests (\(error.limit.rawValue)).",
                retryAfter: error.retryAfter)
        default: APIError(error)
        }
    }

    /// The HTTP status of a code is that of google.rpc.Code's documentation.
    init(_ error: RPCError) {
        switch error.code {
        case .internalError, .unknown, .dataLoss: self = .internalError
        // Which part, and why, is for the log.
        case .unavailable where [nil, "UNREACHABLE", "PEER_REFUSED"].contains(error.reason):
            self.init(.serviceUnavailable, code: "UNAVAILABLE", "A part of the system cannot be reached.", retryAfter: .seconds(1))
        default:
            self.init(
                Self.status(error.code), code: error.code.description, reason: error.reason, error.message, retryAfter: error.retryAfter)
        }
    }

    private static func status(_ code: StatusCode) -> HTTPResponse.Status {
        switch code {
        case .invalidArgument, .failedPrecondition, .outOfRange: .badRequest
        case .unauthenticated: .unauthorized
        case .permissionDenied: .forbidden
        case .notFound: .notFound
        case .alreadyExists, .aborted: .conflict
        case .resourceExhausted: .tooManyRequests
        case .cancelled: HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request")
        case .unimplemented: .notImplemented
        case .unavailable: .serviceUnavailable
        case .deadlineExceeded: .gatewayTimeout
        default: .internalServerError
        }
    }
}
