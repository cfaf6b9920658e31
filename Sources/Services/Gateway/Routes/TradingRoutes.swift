internal import HTTPSKit
internal import Hummingbird
internal import MeshCall
internal import ServiceAPI

/// Orders, portfolio and the keys of the person's exchange account.
struct TradingRoutes: Sendable {
    let execution: ExecutionV1.ExecutionClient
    let readKeys: MarketDataV1.ReadKeysClient

    private struct Activation: Decodable {
        let apiKey: String
    }

    private struct Revocation: Decodable {
        let reason: String?
    }

    func add(to group: RouterGroup<GatewayContext>) {
        group.get("orders", use: orders)
        group.get("portfolio", use: portfolio)
        group.post("exchange-keys", use: createKey)
        group.post("exchange-keys/:id/activate", use: activateKey)
        group.post("exchange-keys/revoke", use: revokeKeys)
        group.post("read-keys", use: createReadKey)
        group.post("read-keys/:id/activate", use: activateReadKey)
        group.post("read-keys/revoke", use: revokeReadKeys)
    }

    @Sendable private func orders(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let limit = try QueryNumber.read("limit", request, UInt32.self) ?? 0
        let openOnly = request.uri.queryParameters["open_only"] == "true"
        let answer = try await execution.listOrders(.init(limit: limit, openOnly: openOnly), options: context.call())
        return try JSONBody.response(OrderListView(orders: answer.orders.map(OrderView.init)))
    }

    /// With the person's key for reading; whoever linked none has the key that trades read it.
    @Sendable private func portfolio(_ request: Request, _ context: GatewayContext) async throws -> Response {
        do {
            return try JSONBody.response(PortfolioView(try await readKeys.getBalances(.init(), options: context.call())))
        } catch let error as RPCError where error.reason == "NO_READ_KEY" {
            return try JSONBody.response(PortfolioView(try await execution.getPortfolio(.init(), options: context.call())))
        }
    }

    @Sendable private func createReadKey(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let key = try await readKeys.createReadKey(.init(), options: context.call())
        return try JSONBody.response(ExchangeKeyView(keyId: key.keyId, publicKeyPem: key.publicKeyPem), status: .created)
    }

    @Sendable private func activateReadKey(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await JSONBody.decode(Activation.self, from: request)
        let answer = try await readKeys.activateReadKey(.init(keyId: context.id(), apiKey: body.apiKey), options: context.call())
        return try JSONBody.response(LinkedKeyView(notChecked: answer.notChecked))
    }

    @Sendable private func createKey(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let key = try await execution.createExchangeKey(.init(), options: context.call())
        return try JSONBody.response(ExchangeKeyView(keyId: key.keyId, publicKeyPem: key.publicKeyPem), status: .created)
    }

    @Sendable private func activateKey(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await JSONBody.decode(Activation.self, from: request)
        let answer = try await execution.activateExchangeKey(.init(keyId: context.id(), apiKey: body.apiKey), options: context.call())
        return try JSONBody.response(LinkedKeyView(notChecked: answer.notChecked))
    }

    @Sendable private func revokeKeys(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await JSONBody.decode(Revocation.self, from: request)
        let answer = try await execution.revokeExchangeKeys(.init(reason: body.reason ?? ""), options: context.call())
        return try JSONBody.response(RevokedKeysView(keyIds: answer.keyIds, notes: answer.notes))
    }

    @Sendable private func revokeReadKeys(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await JSONBody.decode(Revocation.self, from: request)
        let answer = try await readKeys.revokeReadKeys(.init(reason: body.reason ?? ""), options: context.call())
        return try JSONBody.response(RevokedKeysView(keyIds: answer.keyIds, notes: []))
    }
}
