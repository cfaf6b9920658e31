internal import HTTPSKit
internal import Hummingbird

/// Tells the audit log of requests that are refused for who sends them.
struct RefusalRecorder: RouterMiddleware {
    typealias Context = GatewayContext

    let refusals: RefusalLog

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            refusals.record(error, context)
            throw error
        }
    }
}
