import Exchange
import MeshCall
import ServiceAPI
import Trading

/// A checked GetCandlesRequest.
struct CandleRequest: Sendable, Hashable {
    static let defaultLimit = 500
    static let maximumLimit = 1000

    let series: CandleSeries
    /// Open times, both inclusive, in milliseconds since 1970; nil is open.
    let start: Int64?
    let end: Int64?
    let limit: Int

    /// - Throws: `RPCError` INVALID_ARGUMENT.
    init(_ request: MarketDataV1.GetCandlesRequest) throws {
        guard let symbol = Symbol(request.symbol) else { throw Self.invalid("symbol is not a symbol.") }
        guard let interval = KlineInterval(rawValue: request.interval) else {
            throw Self.invalid("interval must be one of \(KlineInterval.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        guard request.limit <= Self.maximumLimit else { throw Self.invalid("limit must be at most \(Self.maximumLimit).") }
        guard request.startMs >= 0, request.endMs >= 0, request.endMs == 0 || request.startMs <= request.endMs else {
            throw Self.invalid("start_ms and end_ms must not be negative, nor in the wrong order.")
        }
        // Far enough from the end of the number range that sums with intervals cannot leave it.
        guard max(request.startMs, request.endMs) < 1 << 53 else { throw Self.invalid("start_ms and end_ms must be milliseconds.") }
        series = CandleSeries(symbol: symbol.name, interval: interval)
        start = request.startMs == 0 ? nil : request.startMs
        end = request.endMs == 0 ? nil : request.endMs
        limit = request.limit == 0 ? Self.defaultLimit : Int(request.limit)
    }

    private static func invalid(_ message: String) -> RPCError {
        RPCError(.invalidArgument, message, reason: "BAD_CANDLE_REQUEST")
    }
}
