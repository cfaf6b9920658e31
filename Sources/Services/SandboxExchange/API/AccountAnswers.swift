import Trading

/// Answers of the account and order endpoints, field by field as Binance has them (binance-spot-api-docs, rest-api.md).
struct AccountAnswer: Encodable {
    struct Balance: Encodable {
        let asset: String
        let free: Amount
        let locked: Amount
    }

    struct CommissionRates: Encodable {
        let maker = "0.00100000"
        let taker = "0.00100000"
        let buyer = "0.00000000"
        let seller = "0.00000000"
    }

    let makerCommission = 10
    let takerCommission = 10
    let buyerCommission = 0
    let sellerCommission = 0
    let commissionRates = CommissionRates()
    let canTrade = true
    let canWithdraw = false
    let canDeposit = true
    let brokered = false
    let requireSelfTradePrevention = false
    let preventSor = false
    let updateTime: Int64
    let accountType = "SPOT"
    let balances: [Balance]
    let permissions = ["SPOT"]
    let uid: Int64
}

/// An order as GET /api/v3/order, openOrders and allOrders show it.
struct OrderAnswer: Encodable {
    let symbol: String
    let orderId: Int64
    let orderListId = -1
    let clientOrderId: String
    let price: Amount
    let origQty: Amount
    let executedQty: Amount
    let cummulativeQuoteQty: Amount
    let status: String
    let timeInForce: String
    let type: String
    let side: String
    let stopPrice = Amount(.zero)
    let icebergQty = Amount(.zero)
    let time: Int64
    let updateTime: Int64
    let isWorking = true
    let workingTime: Int64
    let origQuoteOrderQty: Amount
    let selfTradePreventionMode = "NONE"

    init(_ order: Order) {
        symbol = order.symbol
        orderId = order.id
        clientOrderId = order.clientOrderID
        price = Amount(order.price)
        origQty = Amount(order.quantity)
        executedQty = Amount(order.executed)
        cummulativeQuoteQty = Amount(order.executedQuote)
        status = order.status.rawValue
        timeInForce = order.timeInForce.rawValue
        type = order.kind.rawValue
        side = order.side.rawValue
        time = order.createdTime
        updateTime = order.updatedTime
        workingTime = order.createdTime
        origQuoteOrderQty = Amount(order.quoteQuantity)
    }
}

/// The answer to placing (ACK, RESULT or FULL) or cancelling an order.
struct OrderActionAnswer: Encodable {
    struct Fill: Encodable {
        let price: Amount
        let qty: Amount
        let commission: Amount
        let commissionAsset: String
        let tradeId: Int64
    }

    /// How much of the order the answer repeats.
    enum Detail: String {
        case acknowledgement = "ACK"
        case result = "RESULT"
        case full = "FULL"
    }

    let symbol: String
    /// Only of a cancellation, whose own id is then in `clientOrderId`.
    var origClientOrderId: String?
    let orderId: Int64
    let orderListId = -1
    var clientOrderId: String
    let transactTime: Int64
    var price, origQty, executedQty, origQuoteOrderQty, cummulativeQuoteQty: Amount?
    var status, timeInForce, type, side: String?
    var workingTime: Int64?
    var fills: [Fill]?
    var selfTradePreventionMode: String?

    init(_ order: Order, detail: Detail, trades: [Trade] = [], transactTime: Int64) {
        symbol = order.symbol
        orderId = order.id
        clientOrderId = order.clientOrderID
        self.transactTime = transactTime
        guard detail != .acknowledgement else { return }
        price = Amount(order.price)
        origQty = Amount(order.quantity)
        executedQty = Amount(order.executed)
        origQuoteOrderQty = Amount(order.quoteQuantity)
        cummulativeQuoteQty = Amount(order.executedQuote)
        status = order.status.rawValue
        timeInForce = order.timeInForce.rawValue
        type = order.kind.rawValue
        side = order.side.rawValue
        workingTime = order.createdTime
        selfTradePreventionMode = "NONE"
        guard detail == .full else { return }
        fills = trades.map {
            Fill(
                price: Amount($0.fill.price), qty: Amount($0.fill.quantity), commission: Amount($0.fill.commission),
                commissionAsset: $0.fill.commissionAsset, tradeId: $0.id)
        }
    }

    static func cancelled(_ order: Order, cancellationID: String) -> OrderActionAnswer {
        var answer = OrderActionAnswer(order, detail: .result, transactTime: order.updatedTime)
        answer.origClientOrderId = order.clientOrderID
        answer.clientOrderId = cancellationID
        answer.workingTime = nil
        return answer
    }
}

struct TradeAnswer: Encodable {
    let symbol: String
    let id: Int64
    let orderId: Int64
    let orderListId = -1
    let price: Amount
    let qty: Amount
    let quoteQty: Amount
    let commission: Amount
    let commissionAsset: String
    let time: Int64
    let isBuyer: Bool
    let isMaker: Bool
    let isBestMatch = true

    init(_ trade: Trade) {
        symbol = trade.symbol
        id = trade.id
        orderId = trade.orderID
        price = Amount(trade.fill.price)
        qty = Amount(trade.fill.quantity)
        quoteQty = Amount(trade.fill.quote)
        commission = Amount(trade.fill.commission)
        commissionAsset = trade.fill.commissionAsset
        time = trade.fill.time
        isBuyer = trade.isBuyer
        isMaker = trade.fill.isMaker
    }
}
