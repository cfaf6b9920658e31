internal import ServiceAPI
internal import Trading

/// What the model may ask execution to propose. Which utterance it answers is not its to say.
struct ProposeArguments: ToolArguments, Equatable {
    enum Side: String, Codable, Sendable { case buy = "BUY", sell = "SELL" }
    enum OrderType: String, Codable, Sendable { case market = "MARKET", limit = "LIMIT" }

    enum CodingKeys: String, CodingKey {
        case symbol, side, type, quantity, portion, price, offset
        case quoteQuantity = "quote_quantity"
    }

    static let tool = ToolName.propose
    static let names: Set<String> = ["symbol", "side", "type", "quantity", "quote_quantity", "portion", "price", "offset"]

    var symbol: String
    var side: Side
    var type: OrderType
    var quantity: Trading.Decimal?
    var quoteQuantity: Trading.Decimal?
    var portion: Trading.Decimal?
    var price: Trading.Decimal?
    var offset: Trading.Decimal?

    func check() throws(ToolFailure) {
        guard Symbol(symbol) != nil else { throw .invalid("symbol") }
        guard [quantity, quoteQuantity, portion].compactMap(\.self).count == 1 else { throw .invalid("quantity, quote_quantity, portion") }
        let prices = (price == nil ? 0 : 1) + (offset == nil ? 0 : 1)
        guard prices == (type == .limit ? 1 : 0) else { throw .invalid("price, offset") }
    }

    func request(for utterance: String) -> ExecutionV1.ProposeRequest {
        ExecutionV1.ProposeRequest(
            utteranceId: utterance, symbol: symbol, side: side == .buy ? .buy : .sell, type: type == .market ? .market : .limit,
            quantity: quantity?.description ?? "", quoteQuantity: quoteQuantity?.description ?? "", portion: portion?.description ?? "",
            price: price?.description ?? "", offset: offset?.description ?? "")
    }
}
