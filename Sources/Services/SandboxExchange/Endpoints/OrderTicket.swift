import Trading

/// A new order as it was asked for: parameters read and checked against each other, not yet against the book.
struct OrderTicket: Sendable {
    let symbol: String
    let side: Order.Side
    let kind: Order.Kind
    let timeInForce: Order.TimeInForce
    let quantity: Decimal?
    let quoteQuantity: Decimal?
    let price: Decimal?
    let clientOrderID: String
    let detail: OrderActionAnswer.Detail

    /// - Throws: `ExchangeFault`.
    init(_ parameters: ParameterReader) throws {
        symbol = try parameters.requiredSymbol()
        guard let side = Order.Side(rawValue: try parameters.required("side")) else { throw ExchangeFault.badSide }
        self.side = side
        kind = try Self.kind(try parameters.required("type"))
        let given = try Self.timeInForce(parameters)
        switch kind {
        case .limit:
            guard let given else { throw ExchangeFault.mandatory("timeInForce") }
            timeInForce = given
            (quantity, price, quoteQuantity) = (try parameters.requiredDecimal("quantity"), try parameters.requiredDecimal("price"), nil)
        case .limitMaker:
            timeInForce = .goodTillCancelled
            (quantity, price, quoteQuantity) = (try parameters.requiredDecimal("quantity"), try parameters.requiredDecimal("price"), nil)
        case .market:
            timeInForce = .goodTillCancelled
            (quantity, price, quoteQuantity) = (try parameters.decimal("quantity"), nil, try parameters.decimal("quoteOrderQty"))
        }
        clientOrderID = try parameters.clientOrderID("newClientOrderId") ?? Self.generatedID()
        detail = try Self.detail(parameters, kind)
        try checkUnwanted(parameters)
    }

    private static func kind(_ text: String) throws -> Order.Kind {
        switch text {
        case "STOP_LOSS": throw ExchangeFault.invalid("Stop loss orders are not supported for this symbol.")
        case "STOP_LOSS_LIMIT": throw ExchangeFault.invalid("Stop loss limit orders are not supported for this symbol.")
        case "TAKE_PROFIT": throw ExchangeFault.invalid("Take profit orders are not supported for this symbol.")
        case "TAKE_PROFIT_LIMIT": throw ExchangeFault.invalid("Take profit limit orders are not supported for this symbol.")
        default:
            guard let kind = Order.Kind(rawValue: text) else { throw ExchangeFault.badOrderType }
            return kind
        }
    }

    private static func timeInForce(_ parameters: ParameterReader) throws -> Order.TimeInForce? {
        guard let text = try parameters.text("timeInForce") else { return nil }
        guard let value = Order.TimeInForce(rawValue: text) else { throw ExchangeFault.badTimeInForce }
        return value
    }

    private static func detail(_ parameters: ParameterReader, _ kind: Order.Kind) throws -> OrderActionAnswer.Detail {
        guard let text = try parameters.text("newOrderRespType") else { return kind == .limitMaker ? .acknowledgement : .full }
        guard let detail = OrderActionAnswer.Detail(rawValue: text) else { throw ExchangeFault.badData("newOrderRespType") }
        return detail
    }

    private func checkUnwanted(_ parameters: ParameterReader) throws {
        let unwanted: [String] =
            switch kind {
            case .market: ["price", "timeInForce", "stopPrice", "icebergQty", "trailingDelta"]
            case .limit: ["quoteOrderQty", "stopPrice", "icebergQty", "trailingDelta"]
            case .limitMaker: ["quoteOrderQty", "timeInForce", "stopPrice", "icebergQty", "trailingDelta"]
            }
        if let name = unwanted.first(where: { parameters.values[$0] != nil }) { throw ExchangeFault.notRequired(name) }
        guard kind == .market else { return }
        guard quantity == nil || quoteQuantity == nil else { throw ExchangeFault.badCombination }
        guard quantity != nil || quoteQuantity != nil else { throw ExchangeFault.eitherMandatory("quantity", "quoteOrderQty") }
    }

    /// - Parameter lastPrice: what a MARKET order is valued at.
    /// - Throws: -1013 with the filter that the order does not pass.
    func checkFilters(of rules: SymbolRules, lastPrice: Decimal) throws {
        if let quantity, quantity.isZero { throw ExchangeFault.invalid("Invalid quantity.") }
        if let quoteQuantity, quoteQuantity.isZero { throw ExchangeFault.invalid("Invalid quote order qty.") }
        if let price {
            if price.isZero { throw ExchangeFault.invalid("Invalid price.") }
            guard try price >= rules.minimumPrice && price <= rules.maximumPrice && price.isMultiple(of: rules.tickSize) else {
                throw ExchangeFault.filter("PRICE_FILTER")
            }
        }
        if let quantity {
            guard try quantity >= rules.minimumQuantity && quantity <= rules.maximumQuantity && quantity.isMultiple(of: rules.stepSize)
            else {
                throw ExchangeFault.filter("LOT_SIZE")
            }
            guard kind != .market || quantity <= rules.maximumMarketQuantity else { throw ExchangeFault.filter("MARKET_LOT_SIZE") }
        }
        let notional = try quoteQuantity ?? (quantity ?? .zero).multiplied(by: price ?? lastPrice, rounding: .down)
        guard notional >= rules.minimumNotional, kind == .market || notional <= rules.maximumNotional else {
            throw ExchangeFault.filter("NOTIONAL")
        }
    }

    func order(account: Int64, at time: Int64) -> Order {
        Order(
            account: account, symbol: symbol, clientOrderID: clientOrderID, side: side, kind: kind, timeInForce: timeInForce,
            price: price ?? .zero, quantity: quantity ?? .zero, quoteQuantity: quoteQuantity ?? .zero, createdTime: time, updatedTime: time,
            checkedTime: time)
    }

    /// Of 22 letters and digits, for orders that come without an id.
    static func generatedID() -> String {
        String(KeyVault.randomText().prefix(22))
    }
}
