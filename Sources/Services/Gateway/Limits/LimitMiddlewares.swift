internal import HTTPSKit
internal import Hummingbird
internal import MeshCall

/// The limit of everything that comes from one address.
struct AddressLimit: RouterMiddleware {
    typealias Context = GatewayContext

    let limiter: RateLimiter
    let refusals: RefusalLog

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        try refusals.limiting(context) { () throws(RateLimited) in
            try limiter.take(.requestsPerAddress, for: AddressKey.of(context.origin.clientAddress))
        }
        return try await next(request, context)
    }
}

/// The limit of everything that one person sends.
struct AccountLimit: RouterMiddleware {
    typealias Context = GatewayContext

    let limiter: RateLimiter
    let refusals: RefusalLog

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        let userID = try context.signedIn().principal.userID
        try refusals.limiting(context) { () throws(RateLimited) in try limiter.take(.requestsPerAccount, for: userID) }
        return try await next(request, context)
    }
}
