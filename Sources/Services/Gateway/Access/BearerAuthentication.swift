internal import HTTPSKit
internal import Hummingbird
internal import MeshCall

/// Lets only people with a valid access token through (RFC 6750 section 2.1). The services check the same token again.
struct BearerAuthentication: RouterMiddleware {
    typealias Context = GatewayContext

    /// Longer ones are not looked at.
    static let maxTokenBytes = 4096

    let authenticator: any TokenAuthenticator
    let refusals: RefusalLog

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        var context = context
        do {
            let token = try Self.token(in: request)
            context.person = .init(principal: try await authenticator.authenticate(bearer: token, accepting: [.access]), token: token)
        } catch let error as RPCError {
            refusals.record(error, context)
            throw error
        }
        return try await next(request, context)
    }

    private static func token(in request: Request) throws(RPCError) -> String {
        let fields = request.headers[values: .authorization]
        guard let field = fields.first else { throw RPCError(.unauthenticated, "Sign in first.", reason: "TOKEN_REQUIRED") }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard fields.count == 1, parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= maxTokenBytes else {
            throw RPCError(.unauthenticated, "The Authorization header is malformed.", reason: "TOKEN_MALFORMED")
        }
        return String(parts[1])
    }
}
