internal import HTTPTypes
public import Hummingbird

/// Cross-origin requests (Fetch standard, CORS): none but from the origins that are named.
///
/// A request that carries another `Origin` is refused, not only left without permission, so that it has no effect either.
public struct CrossOriginRules<Context: RequestContext>: RouterMiddleware {
    private let allowed: Set<String>
    private static var maxAge: String { "600" }

    /// - Parameter allowed: such as `https://console.example.org`; empty means none.
    public init(allowed: Set<String> = []) { self.allowed = allowed }

    public func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        guard let origin = request.headers[.origin], !isOwn(origin, request) else { return try await next(request, context) }
        guard allowed.contains(origin) else {
            throw APIError(
                .forbidden, code: "PERMISSION_DENIED", reason: "ORIGIN_NOT_ALLOWED", "Requests from this origin are not allowed.")
        }
        var response = request.method == .options ? preflight : try await next(request, context)
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = "x-request-id, traceresponse, retry-after"
        response.headers[.vary] = "Origin"
        return response
    }

    private func isOwn(_ origin: String, _ request: Request) -> Bool {
        request.head.authority.map { origin == "https://\($0)" } ?? false
    }

    private var preflight: Response {
        Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST", .accessControlAllowHeaders: "authorization, content-type, traceparent, tracestate",
                .accessControlMaxAge: Self.maxAge,
            ])
    }
}
