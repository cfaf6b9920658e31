internal import Trading

/// What a tool takes. Closed: an argument that is not listed is refused, so a model can't smuggle one in.
protocol ToolArguments: Codable, Sendable {
    static var names: Set<String> { get }
    static var tool: ToolName { get }

    /// - Throws: `ToolFailure` that names what is wrong.
    func check() throws(ToolFailure)
}

struct PriceArguments: ToolArguments {
    static let tool = ToolName.price
    static let names: Set<String> = ["symbol"]

    var symbol: String

    func check() throws(ToolFailure) {
        guard Symbol(symbol) != nil else { throw .invalid("symbol") }
    }
}

/// Of `candles` and `indicators`.
struct SpanArguments: Codable, Sendable {
    static let names: Set<String> = ["symbol", "interval", "limit"]
    static let intervals: Set<String> = ["1m", "5m", "15m", "1h", "4h", "1d"]
    static let maxCandles: UInt32 = 500

    var symbol: String
    var interval: String
    var limit: UInt32

    func check() throws(ToolFailure) {
        guard Symbol(symbol) != nil else { throw .invalid("symbol") }
        guard Self.intervals.contains(interval) else { throw .invalid("interval") }
        guard (1...Self.maxCandles).contains(limit) else { throw .invalid("limit") }
    }
}

struct CandlesArguments: ToolArguments {
    static let tool = ToolName.candles
    static let names = SpanArguments.names

    var span: SpanArguments

    init(_ span: SpanArguments) { self.span = span }
    init(from decoder: any Decoder) throws { span = try SpanArguments(from: decoder) }
    func encode(to encoder: any Encoder) throws { try span.encode(to: encoder) }
    func check() throws(ToolFailure) { try span.check() }
}

struct IndicatorsArguments: ToolArguments {
    static let tool = ToolName.indicators
    static let names = SpanArguments.names

    var span: SpanArguments

    init(_ span: SpanArguments) { self.span = span }
    init(from decoder: any Decoder) throws { span = try SpanArguments(from: decoder) }
    func encode(to encoder: any Encoder) throws { try span.encode(to: encoder) }
    func check() throws(ToolFailure) { try span.check() }
}

struct PortfolioArguments: ToolArguments {
    static let tool = ToolName.portfolio
    static let names: Set<String> = []

    func check() throws(ToolFailure) {}
}

struct OpenOrdersArguments: ToolArguments {
    static let tool = ToolName.openOrders
    static let names: Set<String> = []

    func check() throws(ToolFailure) {}
}
