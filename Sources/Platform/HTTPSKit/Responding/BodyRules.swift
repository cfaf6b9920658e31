public import Hummingbird

/// Reads the whole body within a limit before anything looks at it, and takes nothing but JSON.
public struct BodyRules<Context: RequestContext>: RouterMiddleware {
    private let maxBytes: Int

    public init(maxBytes: Int = 64 * 1024) { self.maxBytes = maxBytes }

    public func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        // Said before it is sent: refused before it is read.
        if let announced = request.headers[.contentLength], Int(announced).map({ $0 > maxBytes }) ?? true { throw APIError.tooLarge }
        var request = request
        let body = try await request.collectBody(upTo: maxBytes)
        if body.readableBytes > 0, !isJSON(request.headers[.contentType]) {
            throw APIError(
                .unsupportedMediaType, code: "INVALID_ARGUMENT", reason: "CONTENT_TYPE", "The body must be application/json.")
        }
        return try await next(request, context)
    }

    private func isJSON(_ contentType: String?) -> Bool {
        let type = contentType?.split(separator: ";").first?.lowercased() ?? ""
        return type.filter { $0 != " " } == "application/json"
    }
}
