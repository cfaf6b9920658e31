/// The whole tool set. There is no tool to sign, to send, to cancel, to read a key or to fetch a page.
enum ToolName: String, CaseIterable, Sendable {
    case price
    case candles
    case indicators
    case portfolio
    case openOrders = "open_orders"
    case propose

    var specification: ToolSpecification {
        ToolSpecification(name: rawValue, description: description, schema: schema)
    }

    private var description: String {
        switch self {
        case .price: "The latest price of a market with the best bid and ask."
        case .candles: "Candles of a market, oldest first."
        case .indicators: "Change, high, low, SMA, EMA, RSI and ATR over the last candles of a market."
        case .portfolio: "The person's balances."
        case .openOrders: "The person's open orders."
        case .propose:
            """
            Proposes one order to the person, who alone can sign it. Decimals are strings. Exactly one of quantity, quote_quantity and portion; \
            for LIMIT exactly one of price and offset.
            """
        }
    }

    private var schema: String {
        let symbol = #""symbol":{"type":"string","pattern":"^[A-Z0-9]{2,20}$"}"#
        let span = #""interval":{"enum":["1m","5m","15m","1h","4h","1d"]},"limit":{"type":"integer","minimum":1,"maximum":500}"#
        switch self {
        case .price: return ToolName.object(symbol, required: ["symbol"])
        case .candles, .indicators: return ToolName.object("\(symbol),\(span)", required: ["symbol", "interval", "limit"])
        case .portfolio, .openOrders: return ToolName.object("", required: [])
        case .propose:
            let decimals = ["quantity", "quote_quantity", "portion", "price", "offset"].map { #""\#($0)":{"type":"string"}"# }
            let fixed = #""side":{"enum":["BUY","SELL"]},"type":{"enum":["MARKET","LIMIT"]}"#
            return ToolName.object(([symbol, fixed] + decimals).joined(separator: ","), required: ["symbol", "side", "type"])
        }
    }

    private static func object(_ properties: String, required: [String]) -> String {
        let names = required.map { "\"\($0)\"" }.joined(separator: ",")
        return #"{"type":"object","properties":{\#(properties)},"required":[\#(names)],"additionalProperties":false}"#
    }
}
