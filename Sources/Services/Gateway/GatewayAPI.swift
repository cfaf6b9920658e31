internal import HTTPSKit
internal import Hummingbird
internal import MeshCall

/// The HTTP API: which requests there are and what each passes through before its handler.
struct GatewayAPI: Sendable {
    static let maxBodyBytes = 64 * 1024

    let peers: Peers
    let authenticator: any TokenAuthenticator
    let limiter: RateLimiter
    let refusals: RefusalLog
    let allowedOrigins: Set<String>
    let trace: RequestTrace

    /// From the outside in: trace, headers, errors and log line, address limit, origins, body, deadline; then the person, their limit, the handler.
    func router() -> Router<GatewayContext> {
        let router = Router(context: GatewayContext.self)
        router.add(middleware: trace)
        router.add(middleware: SecurityHeaders())
        router.add(middleware: ErrorResponder(translate: APIError.of))
        router.add(middleware: AddressLimit(limiter: limiter, refusals: refusals))
        router.add(middleware: CrossOriginRules(allowed: allowedOrigins))
        router.add(middleware: BodyRules(maxBytes: Self.maxBodyBytes))
        router.add(middleware: RequestDeadline())
        router.get("healthz") { _, _ in try JSONBody.response(["status": "ok"]) }
        addPublicRoutes(to: router.group("v1"))
        addPersonalRoutes(to: router.group("v1"))
        return router
    }

    private func addPublicRoutes(to group: RouterGroup<GatewayContext>) {
        group.add(middleware: RefusalRecorder(refusals: refusals))
        AccountRoutes(auth: peers.auth, limiter: limiter, refusals: refusals).add(to: group)
    }

    private func addPersonalRoutes(to group: RouterGroup<GatewayContext>) {
        group.add(middleware: BearerAuthentication(authenticator: authenticator, refusals: refusals))
        group.add(middleware: AccountLimit(limiter: limiter, refusals: refusals))
        group.add(middleware: RefusalRecorder(refusals: refusals))
        ChatRoutes(peers: peers, limiter: limiter, refusals: refusals).add(to: group)
        ProposalRoutes(peers: peers, limiter: limiter, refusals: refusals).add(to: group)
        TradingRoutes(execution: peers.execution, readKeys: peers.readKeys).add(to: group)
        AdminRoutes(accounts: peers.accounts, limiter: limiter, refusals: refusals).add(to: group)
        AuditRoutes(audit: peers.audit).add(to: group)
    }
}
