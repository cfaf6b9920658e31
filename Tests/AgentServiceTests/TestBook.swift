import MeshCall
import ServiceAPI
import Synchronization

/// Keeps what was proposed, per person; everybody owns 0.5 BTC and 1000 USDT.
final class TestBook: ExecutionV1.ExecutionHandler {
    struct Asked: Sendable {
        var user: String
        var request: ExecutionV1.ProposeRequest
        var requestID: String
    }

    let proposed = Mutex<[Asked]>([])

    func propose(_ request: ExecutionV1.ProposeRequest, context: ServerContext) async throws -> ExecutionV1.Proposal {
        let user = try context.user().userID
        guard user != "broke" else { throw RPCError(.failedPrecondition, "That is more than you have.", reason: "INSUFFICIENT_BALANCE") }
        let number = proposed.withLock {
            $0.append(Asked(user: user, request: request, requestID: context.requestID))
            return $0.count
        }
        return ExecutionV1.Proposal(
            proposalId: "p-\(number)", state: .open,
            fields: [
                .init(name: "symbol", value: request.symbol, provenance: .user),
                .init(name: "side", value: request.side == .buy ? "BUY" : "SELL", provenance: .user),
                .init(name: "type", value: request.type == .market ? "MARKET" : "LIMIT", provenance: .policy),
                request.quantity.isEmpty
                    ? .init(name: "quantity", value: "0.25", provenance: .derived)
                    : .init(name: "quantity", value: request.quantity, provenance: .user),
                .init(name: "price", value: request.offset.isEmpty ? request.price : "3060", provenance: .derived),
            ], needsSecondFactor: true, secondFactorReason: "above the threshold", createdMs: 1_000, expiresMs: 301_000)
    }

    func listOrders(_ request: ExecutionV1.ListOrdersRequest, context: ServerContext) async throws -> ExecutionV1.ListOrdersResponse {
        guard try context.user().userID == "ada" else { return .init() }
        return .init(orders: [
            .init(
                clientOrderId: "c", state: .partiallyFilled, symbol: "ETHUSDT", side: .sell, type: .limit, quantity: "2", price: "3100",
                executedQuantity: "0.5")
        ])
    }

    func getPortfolio(_ request: ExecutionV1.GetPortfolioRequest, context: ServerContext) async throws -> ExecutionV1.Portfolio {
        .init(balances: [
            .init(asset: "BTC", free: "0.3", locked: "0.2"), .init(asset: "USDT", free: "1000.00", locked: "0"),
            .init(asset: "ETH", free: "0", locked: "0"),
        ])
    }

    private func outOfReach<Answer>() throws -> Answer { throw RPCError(.internalError, "The policy should not let the agent come here.") }

    func registerUtterance(_: ExecutionV1.RegisterUtteranceRequest, context: ServerContext) async throws
        -> ExecutionV1.RegisterUtteranceResponse
    {
        try outOfReach()
    }

    func getProposal(_: ExecutionV1.GetProposalRequest, context: ServerContext) async throws -> ExecutionV1.Proposal {
        try outOfReach()
    }

    func listProposals(_: ExecutionV1.ListProposalsRequest, context: ServerContext) async throws -> ExecutionV1.ListProposalsResponse {
        try outOfReach()
    }

    func signOff(_: ExecutionV1.SignOffRequest, context: ServerContext) async throws -> ExecutionV1.SignOffResponse {
        try outOfReach()
    }

    func reject(_: ExecutionV1.RejectRequest, context: ServerContext) async throws -> ExecutionV1.RejectResponse {
        try outOfReach()
    }

    func createExchangeKey(_: ExecutionV1.CreateExchangeKeyRequest, context: ServerContext) async throws
        -> ExecutionV1.CreateExchangeKeyResponse
    {
        try outOfReach()
    }

    func activateExchangeKey(_: ExecutionV1.ActivateExchangeKeyRequest, context: ServerContext) async throws
        -> ExecutionV1.ActivateExchangeKeyResponse
    {
        try outOfReach()
    }

    func revokeExchangeKeys(_: ExecutionV1.RevokeExchangeKeysRequest, context: ServerContext) async throws
        -> ExecutionV1.RevokeExchangeKeysResponse
    {
        try outOfReach()
    }

    func setKillSwitch(_: ExecutionV1.SetKillSwitchRequest, context: ServerContext) async throws -> ExecutionV1.KillSwitch {
        try outOfReach()
    }

    func getKillSwitch(_: ExecutionV1.GetKillSwitchRequest, context: ServerContext) async throws -> ExecutionV1.KillSwitch {
        try outOfReach()
    }
}
