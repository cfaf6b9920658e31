internal import HTTPTypes
public import Hummingbird
internal import Logging
internal import Metrics
internal import Redaction

/// The outermost middleware: turns every error into an answer, names the request in it, writes one log line and counts.
public struct ErrorResponder<Context: APIRequestContext>: RouterMiddleware {
    public typealias Translate = @Sendable (any Error) -> APIError
    public typealias Body = @Sendable (APIError, RequestOrigin) throws -> Response

    private let translate: Translate
    private let body: Body

    /// - Parameters:
    ///   - translate: what an error means to the client.
    ///   - body: how it is written; the default is `{"error": {code, reason, message, request_id}}`.
    public init(
        translate: @escaping Translate = { APIError($0) }, body: @escaping Body = { try ErrorBody.response($0, $1) }
    ) {
        self.translate = translate
        self.body = body
    }

    public func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        let start = ContinuousClock.now
        var response: Response
        var failure: (any Error)?
        do {
            response = try await next(request, context)
        } catch {
            failure = error
            response = try answer(error, context)
        }
        if let name = HTTPField.Name("x-request-id") { response.headers[name] = context.origin.requestID }
        let duration = ContinuousClock.now - start
        log(request, context, response.status, duration, failure)
        count(request, context, response.status, duration)
        return response
    }

    private func answer(_ error: any Error, _ context: Context) throws -> Response {
        var shown = translate(error)
        shown.message = Redactor.redact(shown.message)
        var response = try body(shown, context.origin)
        if let wait = shown.retryAfter {
            response.headers[.retryAfter] = "\(max(1, wait.components.seconds + (wait.components.attoseconds > 0 ? 1 : 0)))"
        }
        if shown.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    /// `http_requests_total` and `http_request_duration_seconds`. Labels come from closed sets, whatever clients send.
    private func count(_ request: Request, _ context: Context, _ status: HTTPResponse.Status, _ duration: Duration) {
        let route = ("route", context.endpointPath ?? "none")
        let method = [.get, .post, .put, .delete, .head, .options].contains(request.method) ? request.method.rawValue : "OTHER"
        Counter(label: "http.requests", dimensions: [route, ("method", method), ("status", "\(status.code)")]).increment()
        Metrics.Timer(label: "http.request.duration", dimensions: [route]).record(duration: duration)
    }

    /// The route, never the path or the query as sent: those may hold what doesn't belong in a log.
    private func log(
        _ request: Request, _ context: Context, _ status: HTTPResponse.Status, _ duration: Duration, _ failure: (any Error)?
    ) {
        var facts: Logger.Metadata = [
            "method": "\(request.method.rawValue)", "route": "\(context.endpointPath ?? "none")", "status": "\(status.code)",
            "ms": "\(duration / .milliseconds(1))", "client": "\(context.origin.clientAddress ?? "none")",
        ]
        if let failure { facts["error"] = "\(failure)" }
        context.logger.log(level: status.code >= 500 ? .error : .info, "request", metadata: facts)
    }
}

/// `{"error": {"code", "reason", "message", "request_id"}}`
public struct ErrorBody: Encodable, Sendable {
    struct Content: Encodable {
        let code: String
        let reason: String?
        let message: String
        let requestId: String
    }

    private let error: Content

    public init(_ error: APIError, requestID: String) {
        self.error = Content(code: error.code, reason: error.reason, message: error.message, requestId: requestID)
    }

    public static func response(_ error: APIError, _ origin: RequestOrigin) throws -> Response {
        try JSONBody.response(ErrorBody(error, requestID: origin.requestID), status: error.status)
    }
}
