import HTTPTypes
import NIOConcurrencyHelpers
import Trading

/// Placing, asking for and cancelling orders.
extension SandboxExchange {
    private static let newOrderParameters: Set<String> = [
        "symbol", "side", "type", "timeInForce", "quantity", "quoteOrderQty", "price", "newClientOrderId", "newOrderRespType",
        "selfTradePreventionMode", "strategyId", "strategyType", "stopPrice", "trailingDelta", "icebergQty", "computeCommissionRates",
    ]
    private static let referenceParameters: Set<String> = ["symbol", "orderId", "origClientOrderId"]

    var orderEndpoints: [Endpoint] {
        [
            Endpoint(
                method: .post, path: "/api/v3/order", security: .trade, weight: { _ in 1 },
                parameters: Self.newOrderParameters.subtracting(["computeCommissionRates"]), handle: { [self] in try await placeOrder($0) }),
            Endpoint(
                method: .post, path: "/api/v3/order/test", security: .trade, weight: { $0["computeCommissionRates"] == "true" ? 20 : 1 },
                parameters: Self.newOrderParameters, handle: { [self] in try testOrder($0) }),
            Endpoint(
                method: .get, path: "/api/v3/order", security: .userData, weight: { _ in 4 }, parameters: Self.referenceParameters,
                handle: { [self] in try await queryOrder($0) }),
            Endpoint(
                method: .delete, path: "/api/v3/order", security: .trade, weight: { _ in 1 },
                parameters: Self.referenceParameters.union(["newClientOrderId", "cancelRestrictions"]),
                handle: { [self] in try await cancelOrder($0) }),
            Endpoint(
                method: .get, path: "/api/v3/openOrders", security: .userData, weight: { $0["symbol"] == nil ? 80 : 6 },
                parameters: ["symbol"], handle: { [self] in try await openOrders($0) }),
            Endpoint(
                method: .delete, path: "/api/v3/openOrders", security: .trade, weight: { _ in 1 }, parameters: ["symbol"],
                handle: { [self] in try await cancelOpenOrders($0) }),
            Endpoint(
                method: .get, path: "/api/v3/allOrders", security: .userData, weight: { _ in 20 },
                parameters: ["symbol", "orderId", "startTime", "endTime", "limit"], handle: { [self] in try await allOrders($0) }),
        ]
    }

    private func placeOrder(_ call: Endpoint.Call) async throws -> Endpoint.Answer {
        let ticket = try ticket(call.parameters)
        let order = ticket.order(account: call.account, at: marketTime)
        _ = try orderCounts.withLockedValue { try $0.charge(call.account, now: serverTime) }
        do {
            let (placed, trades) = try await transact { try $0.place(order) }
            let isDone = !placed.isOpen
            return .init(
                json: OrderActionAnswer(placed, detail: ticket.detail, trades: trades, transactTime: placed.createdTime),
                orderCount: orderCounts.withLockedValue {
                    isDone ? $0.refund(call.account, now: serverTime) : $0.count(call.account, now: serverTime)
                })
        } catch let fault as ExchangeFault {
            _ = orderCounts.withLockedValue { $0.refund(call.account, now: serverTime) }
            throw fault
        }
    }

    private func testOrder(_ call: Endpoint.Call) throws -> Endpoint.Answer {
        _ = try ticket(call.parameters)
        guard try call.parameters.boolean("computeCommissionRates") == true else { return .init(json: EmptyAnswer()) }
        return .init(json: CommissionAnswer.forOrder)
    }

    private func ticket(_ parameters: ParameterReader) throws -> OrderTicket {
        let market = try market(parameters.requiredSymbol())
        let ticket = try OrderTicket(parameters)
        try ticket.checkFilters(of: market.rules, lastPrice: try moment(of: market).price)
        return ticket
    }

    private func queryOrder(_ call: Endpoint.Call) async throws -> Endpoint.Answer {
        let reference = try reference(call.parameters)
        let order = try await transact { desk in
            try desk.catchUp(call.account)
            return try desk.find(reference, account: call.account)
        }
        guard let order else { throw ExchangeFault.noSuchOrder }
        return .init(json: OrderAnswer(order))
    }

    private func cancelOrder(_ call: Endpoint.Call) async throws -> Endpoint.Answer {
        let reference = try reference(call.parameters)
        let cancellationID = try call.parameters.clientOrderID("newClientOrderId") ?? OrderTicket.generatedID()
        let restriction = try CancelRestriction(call.parameters)
        let order = try await transact { try $0.cancel(reference, account: call.account, restriction: restriction) }
        return .init(json: OrderActionAnswer.cancelled(order, cancellationID: cancellationID))
    }

    private func reference(_ parameters: ParameterReader) throws -> OrderReference {
        let symbol = try parameters.requiredSymbol()
        _ = try market(symbol)
        let id = try parameters.integer("orderId")
        let clientOrderID = try parameters.clientOrderID("origClientOrderId")
        guard id != nil || clientOrderID != nil else { throw ExchangeFault.eitherMandatory("origClientOrderId", "orderId") }
        return OrderReference(symbol: symbol, id: id, clientOrderID: clientOrderID)
    }

    private func openOrders(_ call: Endpoint.Call) async throws -> Endpoint.Answer {
        let symbol = try call.parameters.symbol()
        if let symbol { _ = try market(symbol) }
        let orders = try await transact { desk in
            try desk.catchUp(call.account)
            return try desk.transaction.openOrders(call.account, symbol: symbol)
        }
        return .init(json: orders.map(OrderAnswer.init))
    }

    private func cancelOpenOrders(_ call: Endpoint.Call) async throws -> Endpoint.Answer {
        let symbol = try call.parameters.requiredSymbol()
        _ = try market(symbol)
        let orders = try await transact { try $0.cancelAll(account: call.account, symbol: symbol) }
        return .init(json: orders.map { OrderActionAnswer.cancelled($0, cancellationID: OrderTicket.generatedID()) })
    }

    private func allOrders(_ call: Endpoint.Call) async throws -> Endpoint.Answer {
        let symbol = try call.parameters.requiredSymbol()
        _ = try market(symbol)
        let from = try call.parameters.integer("orderId")
        let page = try HistoryPage(call.parameters)
        let orders = try await transact { desk in
            try desk.catchUp(call.account)
            return try desk.transaction.orders(call.account, symbol: symbol, fromID: from, times: page.times, limit: page.limit)
        }
        return .init(json: orders.map(OrderAnswer.init))
    }
}

/// `startTime`, `endTime` and `limit` of a history.
struct HistoryPage: Sendable {
    let times: ClosedRange<Int64>
    let limit: Int

    init(_ parameters: ParameterReader) throws {
        let start = try parameters.integer("startTime") ?? 0
        let end = try parameters.integer("endTime") ?? .max
        guard start <= end else { throw ExchangeFault.badCombination }
        times = start...end
        limit = min(Int(try parameters.integer("limit", in: 1...1_000_000) ?? 500), 1000)
    }
}
