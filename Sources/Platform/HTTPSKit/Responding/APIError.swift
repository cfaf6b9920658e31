public import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// A failure as people's programs see it. Everything in it is safe to show.
public struct APIError: Error, Sendable, Equatable {
    public var status: HTTPResponse.Status
    /// gRPC's name for the kind of failure: `NOT_FOUND`.
    public var code: String
    /// For programs to compare: `SECOND_FACTOR_REQUIRED`.
    public var reason: String?
    public var message: String
    /// Sent as `Retry-After`, in whole seconds rounded up.
    public var retryAfter: Duration?

    public init(_ status: HTTPResponse.Status, code: String, reason: String? = nil, _ message: String, retryAfter: Duration? = nil) {
        self.status = status
        self.code = code
        self.reason = reason
        self.message = message
        self.retryAfter = retryAfter
    }
}

extension APIError {
    public static func invalid(_ message: String, reason: String? = nil) -> APIError {
        APIError(.badRequest, code: "INVALID_ARGUMENT", reason: reason, message)
    }

    public static let notFound = APIError(.notFound, code: "NOT_FOUND", "There is nothing here.")
    public static let internalError = APIError(.internalServerError, code: "INTERNAL", "Something went wrong here.")
    public static let tooLarge = APIError(
        .contentTooLarge, code: "INVALID_ARGUMENT", reason: "BODY_TOO_LARGE", "The request's body is too large.")

    /// What an error that is not the API's own means. Its text is not shown: it is for the log.
    public init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case is DecodingError: self = .invalid("The request's body is not the JSON object that this call takes.", reason: "MALFORMED_JSON")
        case is NIOTooManyBytesError: self = .tooLarge
        case let error as any HTTPResponseError: self = Self.of(error.status)
        default: self = .internalError
        }
    }

    private static func of(_ status: HTTPResponse.Status) -> APIError {
        switch status {
        case .notFound: .notFound
        case .methodNotAllowed: APIError(status, code: "UNIMPLEMENTED", "This path has no such method.")
        case .contentTooLarge: .tooLarge
        default: status.code >= 500 ? .internalError : APIError(status, code: "INVALID_ARGUMENT", "The request is not valid.")
        }
    }
}

extension APIError: CustomStringConvertible {
    public var description: String { "\(code)\(reason.map { " (\($0))" } ?? ""): \(message)" }
}
