internal import HTTPSKit
internal import Hummingbird
internal import MeshCall

/// Gives all calls made for one request the same deadline and request id.
struct RequestDeadline: RouterMiddleware {
    typealias Context = GatewayContext

    static let time: Duration = .seconds(20)

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        let call = CallContext(deadline: .now + Self.time, requestID: context.origin.requestID)
        return try await CallContext.$current.withValue(call) { try await next(request, context) }
    }
}
