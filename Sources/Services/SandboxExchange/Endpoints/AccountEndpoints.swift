import HTTPTypes
import NIOConcurrencyHelpers
import Trading

/// What an account may ask about itself.
extension SandboxExchange {
    var accountEndpoints: [Endpoint] {
        [
            Endpoint(
                method: .get, path: "/api/v3/account", security: .userData, weight: { _ in 20 }, parameters: ["omitZeroBalances"],
                handle: { [self] in try await account($0) }),
            Endpoint(
                method: .get, path: "/api/v3/myTrades", security: .userData, weight: { $0["orderId"] == nil ? 20 : 5 },
                parameters: ["symbol", "orderId", "startTime", "endTime", "fromId", "limit"], handle: { [self] in try await trades($0) }),
            Endpoint(
                method: .get, path: "/api/v3/rateLimit/order", security: .userData, weight: { _ in 40 }, parameters: [],
                handle: { [self] in orderRateLimits($0) }),
            Endpoint(
                method: .get, path: "/api/v3/account/commission", security: .userData, weight: { _ in 20 }, parameters: ["symbol"],
                handle: { [self] call in
                    let symbol = try call.parameters.requiredSymbol()
                    return .init(json: CommissionAnswer(symbol: try market(symbol).rules.symbol))
                }),
            Endpoint(
                method: .get, path: "/sapi/v1/account/apiRestrictions", security: .userData, weight: { _ in 1 }, parameters: [],
                handle: { call in
                    guard let key = call.key else { throw ExchangeFault.rejectedKey }
                    return .init(json: KeyRestrictionsAnswer(key))
                }),
        ]
    }

    private func account(_ call: Endpoint.Call) async throws -> Endpoint.Answer {
        let omitsZero = try call.parameters.boolean("omitZeroBalances") ?? false
        let wallet = try await transact { desk in
            try desk.catchUp(call.account)
            return try desk.transaction.wallet(of: call.account)
        }
        let listed = markets.values.reduce(into: Set(wallet.balances.keys)) { assets, market in
            assets.formUnion([market.rules.baseAsset, market.rules.quoteAsset])
        }
        let balances = listed.sorted().map {
            AccountAnswer.Balance(asset: $0, free: Amount(wallet[$0].free), locked: Amount(wallet[$0].locked))
        }
        return .init(
            json: AccountAnswer(
                updateTime: serverTime, balances: balances.filter { !omitsZero || !$0.free.value.isZero || !$0.locked.value.isZero },
                uid: call.account))
    }

    private func trades(_ call: Endpoint.Call) async throws -> Endpoint.Answer {
        let symbol = try call.parameters.requiredSymbol()
        _ = try market(symbol)
        let orderID = try call.parameters.integer("orderId")
        let fromID = try call.parameters.integer("fromId")
        let page = try HistoryPage(call.parameters)
        let trades = try await transact { desk in
            try desk.catchUp(call.account)
            return try desk.transaction.trades(
                call.account, symbol: symbol, orderID: orderID, fromID: fromID, times: page.times, limit: page.limit)
        }
        return .init(json: trades.map(TradeAnswer.init))
    }

    private func orderRateLimits(_ call: Endpoint.Call) -> Endpoint.Answer {
        let (limits, count) = orderCounts.withLockedValue { ($0.limits, $0.count(call.account, now: serverTime)) }
        return .init(json: [
            OrderRateLimitAnswer(interval: "SECOND", intervalNum: 10, limit: limits.perTenSeconds, count: count.tenSeconds),
            OrderRateLimitAnswer(interval: "DAY", intervalNum: 1, limit: limits.perDay, count: count.day),
        ])
    }
}

/// The answer of `GET /sapi/v1/account/apiRestrictions`.
struct KeyRestrictionsAnswer: Encodable {
    let ipRestrict: Bool
    let createTime: Int64
    let enableReading = true
    let enableSpotAndMarginTrading: Bool
    let enableWithdrawals: Bool
    let enableInternalTransfer = false
    let permitsUniversalTransfer = false
    let enableMargin = false
    let enableFutures = false
    let enableVanillaOptions = false
    let enablePortfolioMarginTrading = false
    let enableFixApiTrade = false
    let enableFixReadOnly = false

    init(_ key: APIKey) {
        ipRestrict = !key.rights.addresses.isEmpty
        createTime = key.createdTime
        enableSpotAndMarginTrading = key.rights.canTrade
        enableWithdrawals = key.rights.canWithdraw
    }
}

struct OrderRateLimitAnswer: Encodable {
    let rateLimitType = "ORDERS"
    let interval: String
    let intervalNum: Int
    let limit: Int
    let count: Int
}

/// The answer of `GET /api/v3/account/commission`, and without a symbol of `order/test`.
struct CommissionAnswer: Encodable {
    struct Rates: Encodable {
        var maker = "0.00100000"
        var taker = "0.00100000"
        var buyer: String? = "0.00000000"
        var seller: String? = "0.00000000"
    }

    struct Discount: Encodable {
        let enabledForAccount = false
        let enabledForSymbol = false
        let discountAsset = "BNB"
        let discount = "0.00000000"
    }

    var symbol: String?
    var standardCommission: Rates? = Rates()
    var standardCommissionForOrder: Rates?
    var taxCommission: Rates? = Rates(maker: "0.00000000", taker: "0.00000000")
    var taxCommissionForOrder: Rates?
    let discount = Discount()

    static let forOrder = CommissionAnswer(
        standardCommission: nil, standardCommissionForOrder: Rates(buyer: nil, seller: nil), taxCommission: nil,
        taxCommissionForOrder: Rates(maker: "0.00000000", taker: "0.00000000", buyer: nil, seller: nil))
}
