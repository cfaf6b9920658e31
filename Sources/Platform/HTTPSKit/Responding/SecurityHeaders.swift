internal import HTTPTypes
public import Hummingbird

/// Header fields that keep a browser from doing anything with an answer but hand it to the program that asked (OWASP ASVS 5.0 section 3.4).
public struct SecurityHeaders<Context: RequestContext>: RouterMiddleware {
    private let fields: [(HTTPField.Name, String)]

    public init() {
        let named = [
            ("strict-transport-security", "max-age=31536000; includeSubDomains"), ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"), ("cross-origin-resource-policy", "same-origin"),
        ]
        fields = named.compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
    }

    public func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        var response = try await next(request, context)
        for (name, value) in fields { response.headers[name] = value }
        return response
    }
}
