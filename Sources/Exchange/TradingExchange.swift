public import Trading

/// What one key may do with its own account. `BinanceClient` is the real one; tests may put faults in front of it.
public protocol TradingExchange: Sendable {
    func account() async throws -> AccountInformation
    /// What this key may do; nil where the exchange has no such call, as test networks have not. The live exchange has it: that it should
    /// not be there is an error as any other.
    func keyRestrictions() async throws -> KeyRestrictions?
    /// Places the order and reports it with its fills.
    ///
    /// - Throws: `ExchangeError`; after `.unknownOutcome` ask with `order(symbol:clientOrderID:)`, never place again.
    func placeOrder(_ order: NewOrder) async throws -> OrderReport
    /// - Throws: `ExchangeError` with `isUnknownOrder` when the exchange has no such order.
    func order(symbol: String, clientOrderID: String) async throws -> OrderReport
    func cancelOrder(symbol: String, clientOrderID: String) async throws -> OrderReport
    /// - Parameter symbol: nil asks for all symbols, which costs 80 of the minute's weight.
    func openOrders(symbol: String?) async throws -> [OrderReport]
    /// The account's trades, oldest first, of one order or of the symbol.
    func trades(symbol: String, orderID: Int64?) async throws -> [AccountTrade]
}

/// An order to place.
public struct NewOrder: Sendable, Equatable {
    public enum Terms: Sendable, Equatable {
        /// Buys or sells this base quantity at the market.
        case market(quantity: Trading.Decimal)
        /// Spends or receives this quote amount at the market.
        case marketQuote(amount: Trading.Decimal)
        /// Good till cancelled.
        case limit(quantity: Trading.Decimal, price: Trading.Decimal)
    }

    public var symbol: String
    public var side: OrderSide
    public var terms: Terms
    /// 1 to 36 characters of `.A-Z:/a-z0-9_-`. The exchange takes the same id again once the first order is done:
    /// it does not protect against sending twice.
    public var clientOrderID: String

    public init(symbol: String, side: OrderSide, terms: Terms, clientOrderID: String) {
        self.symbol = symbol
        self.side = side
        self.terms = terms
        self.clientOrderID = clientOrderID
    }

    func parameters(on call: ExchangeCall) -> ExchangeCall {
        let call = call.with("symbol", symbol).with("side", side.rawValue)
        let priced =
            switch terms {
            case .market(let quantity): call.with("type", "MARKET").with("quantity", quantity.description)
            case .marketQuote(let amount): call.with("type", "MARKET").with("quoteOrderQty", amount.description)
            case .limit(let quantity, let price):
                call.with("type", "LIMIT").with("timeInForce", "GTC").with("quantity", quantity.description)
                    .with("price", price.description)
            }
        return priced.with("newClientOrderId", clientOrderID).with("newOrderRespType", "FULL")
    }
}

extension BinanceClient: TradingExchange {
    public func account() async throws -> AccountInformation {
        try await answer(ExchangeCall(path: "/api/v3/account", weight: 20, security: .signed).with("omitZeroBalances", "true"))
    }

    public func keyRestrictions() async throws -> KeyRestrictions? {
        do {
            return try await answer(ExchangeCall(path: "/sapi/v1/account/apiRestrictions", weight: 1, security: .signed), as: KeyRestrictions.self)
        } catch let error as ExchangeError where error.httpStatus == 404 && kind != .live {
            return nil
        }
    }

    public func placeOrder(_ order: NewOrder) async throws -> OrderReport {
        try await answer(order.parameters(on: ExchangeCall("POST", path: "/api/v3/order", weight: 1, security: .signed, isTrading: true)))
    }

    public func order(symbol: String, clientOrderID: String) async throws -> OrderReport {
        let call = ExchangeCall(path: "/api/v3/order", weight: 4, security: .signed, isTrading: true)
        return try await answer(call.with("symbol", symbol).with("origClientOrderId", clientOrderID))
    }

    public func cancelOrder(symbol: String, clientOrderID: String) async throws -> OrderReport {
        let call = ExchangeCall("DELETE", path: "/api/v3/order", weight: 1, security: .signed, isTrading: true)
        return try await answer(call.with("symbol", symbol).with("origClientOrderId", clientOrderID))
    }

    public func openOrders(symbol: String?) async throws -> [OrderReport] {
        let call = ExchangeCall(path: "/api/v3/openOrders", weight: symbol == nil ? 80 : 6, security: .signed, isTrading: true)
        return try await answer(call.with("symbol", symbol))
    }

    public func trades(symbol: String, orderID: Int64?) async throws -> [AccountTrade] {
        let call = ExchangeCall(path: "/api/v3/myTrades", weight: orderID == nil ? 20 : 5, security: .signed, isTrading: true)
        return try await answer(call.with("symbol", symbol).with("orderId", orderID))
    }

    /// Whether this key may place orders. Finds out with an order that the exchange only checks and never places.
    public func keyMayTrade(symbol: String) async throws -> Bool {
        let call = ExchangeCall("POST", path: "/api/v3/order/test", weight: 1, security: .signed)
            .with("symbol", symbol).with("side", "BUY").with("type", "MARKET").with("quantity", "1")
        do {
            _ = try await answer(call, as: TestOrderAnswer.self)
            return true
        } catch let error as ExchangeError where error.code == ExchangeErrorCode.rejectedKey {
            return false
        } catch let error as ExchangeError where error.kind == .rejected {
            // It got as far as being looked at as an order.
            return true
        }
    }
}

private struct TestOrderAnswer: Decodable {}
