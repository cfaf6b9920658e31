import Logging
import MeshCall
import MeshMessages
import NIOCore
import ServiceAPI
import Testing

/// Answers from its request, so that a test sees what arrived.
private struct Market: MarketDataV1.MarketDataHandler {
    func getPrice(_ request: MarketDataV1.GetPriceRequest, context: ServerContext) async throws -> MarketDataV1.Price {
        guard request.symbol != "NUL" else { return .init(symbol: "a\0b") }
        return .init(symbol: request.symbol, price: "42000.5", timeMs: 7)
    }

    func getBookTicker(_ request: MarketDataV1.GetBookTickerRequest, context: ServerContext) async throws -> MarketDataV1.BookTicker {
        throw RPCError(.notFound, "There is no market \(request.symbol).", reason: "UNKNOWN_SYMBOL")
    }

    func getCandles(_ request: MarketDataV1.GetCandlesRequest, context: ServerContext) async throws -> MarketDataV1.GetCandlesResponse {
        .init(
            symbol: request.symbol, interval: request.interval,
            candles: (0..<request.limit).map { .init(openTimeMs: Int64($0), close: "\($0)") })
    }

    func streamTickers(
        _ request: MarketDataV1.StreamTickersRequest, to writer: ResponseWriter<MarketDataV1.BookTicker>, context: ServerContext
    ) async throws {
        for symbol in request.symbols { try await writer.send(.init(symbol: symbol, bidPrice: "1")) }
    }
}

@Suite("Generated stubs, from client to handler and back")
struct StubTests {
    private let channel: any CallChannel
    private let client: MarketDataV1.MarketDataClient

    init() {
        let server = InProcessServer(
            services: [.marketData(Market())], authenticator: nil, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        channel = server.channel(as: PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/execution", name: "execution"))
        client = MarketDataV1.MarketDataClient(channel)
    }

    @Test("A unary call")
    func unary() async throws {
        #expect(try await client.getPrice(.init(symbol: "BTCUSDT")) == .init(symbol: "BTCUSDT", price: "42000.5", timeMs: 7))
    }

    @Test("A large answer")
    func large() async throws {
        let answer = try await client.getCandles(.init(symbol: "BTCUSDT", interval: "1m", limit: 1_000))
        #expect(answer.candles.count == 1_000)
        #expect(answer.candles.last == .init(openTimeMs: 999, close: "999"))
    }

    @Test("A streamed answer, in order and to its end")
    func streaming() async throws {
        let symbols = (0..<200).map { "S\($0)" }
        var seen: [String] = []
        for try await ticker in try await client.streamTickers(.init(symbols: symbols)) { seen.append(ticker.symbol) }
        #expect(seen == symbols)
    }

    @Test("A handler's error reaches the caller with its code, message and reason")
    func error() async throws {
        let error = await #expect(throws: RPCError.self) { try await client.getBookTicker(.init(symbol: "X")) }
        #expect(error?.code == .notFound)
        #expect(error?.message == "There is no market X.")
        #expect(error?.reason == "UNKNOWN_SYMBOL")
    }

    @Test("A malformed request is INVALID_ARGUMENT and does not reach the handler")
    func malformedRequest() async throws {
        let error = await #expect(throws: RPCError.self) {
            try await channel.unary(MarketDataV1.MarketDataMethods.getPrice, ByteBuffer(bytes: [0x0a, 5, 0x61]), options: CallOptions())
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.reason == "MALFORMED_REQUEST")
    }

    @Test("A request that can't be packed is INVALID_ARGUMENT before anything is sent, an answer that can't be is INTERNAL")
    func unpackable() async throws {
        let request = await #expect(throws: RPCError.self) { try await client.getPrice(.init(symbol: "a\0b")) }
        #expect(request?.code == .invalidArgument)
        let answer = await #expect(throws: RPCError.self) { try await client.getPrice(.init(symbol: "NUL")) }
        #expect(answer?.code == .internalError)
    }
}
