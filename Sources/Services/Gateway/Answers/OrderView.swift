internal import ServiceAPI

struct OrderView: Encodable {
    struct Fill: Encodable {
        let tradeId: Int64
        let price: String
        let quantity: String
        let commission: String
        let commissionAsset: String
    }

    let clientOrderId: String
    let proposalId: String
    let state: String
    let symbol: String
    let side: String
    let type: String
    let quantity: String
    let quoteQuantity: String
    let price: String
    let executedQuantity: String
    let executedQuote: String
    let exchangeOrderId: Int64
    /// Milliseconds since 1970.
    let createdMs: Int64
    let updatedMs: Int64
    let reason: String
    let fills: [Fill]
    let auditIndex: UInt64

    init(_ order: ExecutionV1.Order) {
        clientOrderId = order.clientOrderId
        proposalId = order.proposalId
        state = EnumName.of(order.state)
        symbol = order.symbol
        side = EnumName.of(order.side)
        type = EnumName.of(order.type)
        quantity = order.quantity
        quoteQuantity = order.quoteQuantity
        price = order.price
        executedQuantity = order.executedQuantity
        executedQuote = order.executedQuote
        exchangeOrderId = order.exchangeOrderId
        createdMs = order.createdMs
        updatedMs = order.updatedMs
        reason = order.reason
        fills = order.fills.map {
            Fill(
                tradeId: $0.tradeId, price: $0.price, quantity: $0.quantity, commission: $0.commission,
                commissionAsset: $0.commissionAsset)
        }
        auditIndex = order.auditIndex
    }
}

struct OrderListView: Encodable {
    let orders: [OrderView]
}

struct PortfolioView: Encodable {
    struct Balance: Encodable {
        let asset: String
        let free: String
        let locked: String
    }

    let balances: [Balance]
    let timeMs: Int64

    init(_ portfolio: ExecutionV1.Portfolio) {
        balances = portfolio.balances.map { Balance(asset: $0.asset, free: $0.free, locked: $0.locked) }
        timeMs = portfolio.timeMs
    }

    init(_ read: MarketDataV1.Balances) {
        balances = read.balances.map { Balance(asset: $0.asset, free: $0.free, locked: $0.locked) }
        timeMs = read.timeMs
    }
}

struct ExchangeKeyView: Encodable {
    let keyId: String
    let publicKeyPem: String
}

struct LinkedKeyView: Encodable {
    /// What the exchange would not say of the key.
    let notChecked: [String]
}

struct RevokedKeysView: Encodable {
    let keyIds: [String]
    /// What became of the orders that they had placed.
    let notes: [String]
}
