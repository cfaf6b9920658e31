public import Hummingbird
import HTTPTypes
public import Secrets

extension SandboxExchange {
    /// The whole interface: Binance's under `/api/v3`, and under `/sandbox/v1` what a real exchange does on its web pages.
    ///
    /// - Parameter operatorToken: what `X-Sandbox-Operator` must hold for the latter.
    public func responder(operatorToken: SecretBytes) -> SandboxResponder {
        responder { operatorToken }
    }

    /// - Parameter operatorToken: asked for at each request: it may be replaced while the exchange runs.
    public func responder(operatorToken: @escaping @Sendable () async throws -> SecretBytes) -> SandboxResponder {
        let router = Router(context: SandboxContext.self)
        for endpoint in marketEndpoints + orderEndpoints + accountEndpoints {
            let responder = ExchangeResponder(exchange: self, endpoint: endpoint)
            router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
                await responder.respond(to: request, context: context)
            }
        }
        OperatorPages(exchange: self, token: operatorToken).add(to: router)
        return SandboxResponder(router.buildResponder())
    }
}

/// Answers the exchange's requests; made by `SandboxExchange.responder`.
public struct SandboxResponder: HTTPResponder {
    public struct Context: InitializableFromSource, Sendable {
        let context: SandboxContext

        public init(source: ApplicationRequestContextSource) {
            context = SandboxContext(source: source)
        }
    }

    private let responder: RouterResponder<SandboxContext>

    init(_ responder: RouterResponder<SandboxContext>) {
        self.responder = responder
    }

    public func respond(to request: Request, context: Context) async throws -> Response {
        do {
            return try await responder.respond(to: request, context: context.context)
        } catch let error as HTTPError {
            return Response(status: error.status)
        }
    }
}
