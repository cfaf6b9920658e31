import Logging
import MeshCall
import ServiceAPI
import Testing

@testable import ServiceKit

@Suite("Errors on their way to a caller")
struct ErrorRedactionTests {
    private static let key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"

    /// Repeats in its refusals what it should not.
    private struct Careless: MarketDataV1.MarketDataHandler {
        let failure = RPCError(.failedPrecondition, "GET /account?signature=5c1f with \(key) for ann@example.org failed", reason: "EXCHANGE_REFUSED")

        func getPrice(_: MarketDataV1.GetPriceRequest, context: ServerContext) async throws -> MarketDataV1.Price { throw failure }
        func getBookTicker(_: MarketDataV1.GetBookTickerRequest, context: ServerContext) async throws -> MarketDataV1.BookTicker { throw failure }
        func getCandles(_: MarketDataV1.GetCandlesRequest, context: ServerContext) async throws -> MarketDataV1.GetCandlesResponse { throw failure }
        func streamTickers(
            _: MarketDataV1.StreamTickersRequest, to writer: ResponseWriter<MarketDataV1.BookTicker>, context: ServerContext
        ) async throws { throw failure }
    }

    private func client(_ interceptors: [any ServerInterceptor]) -> MarketDataV1.MarketDataClient {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = InProcessServer(services: [.marketData(Careless())], authenticator: nil, interceptors: interceptors, logger: logger)
        let peer = PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/execution", name: "execution")
        return MarketDataV1.MarketDataClient(server.channel(as: peer))
    }

    @Test("Signature, key and address are taken out of the message; code, reason and the rest of it stay")
    func message() async throws {
        let error = try #require(await #expect(throws: RPCError.self) { try await client([ErrorRedaction()]).getPrice(.init(symbol: "BTCUSDT")) })
        #expect(error.message == "GET /account?signature=[redacted] with [redacted] for [redacted] failed")
        #expect(error.code == .failedPrecondition && error.reason == "EXCHANGE_REFUSED")
    }

    @Test("The same on a stream")
    func stream() async throws {
        let error = await #expect(throws: RPCError.self) {
            for try await _ in try await client([ErrorRedaction()]).streamTickers(.init(symbols: ["BTCUSDT"])) {}
        }
        #expect(error?.message.contains(Self.key) == false)
    }

    @Test("Every service's mesh port has it")
    func wired() throws {
        #expect(MeshListener.interceptors(logger: Logger(label: "test")).contains { $0 is ErrorRedaction })
    }
}
