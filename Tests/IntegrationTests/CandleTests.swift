import Deployment
import Foundation
import LocalMesh
import MeshCall
import MeshRuntime
import PulseCommands
import ServiceAPI
import Testing
import Trading

/// Real market history outside the repository; CI has it.
private let history = ProcessInfo.processInfo.environment["CRYPTOPULSE_TEST_DATA"].map { $0 + "/data/BTCUSDT-1m-2022-01.csv" }
private let mayRun = history.map { FileManager.default.fileExists(atPath: $0) } ?? false || ProcessInfo.processInfo.environment["CI"] == "true"

extension Integration {
    @Suite("Replaying real candles", .enabled(if: mayRun, "SKIP: CRYPTOPULSE_TEST_DATA is not set"))
    struct CandleTests {
        /// One line of the file: open time, open, high, low, close, volume, close time, …
        private struct Line {
            let openTime: Int64
            let values: [String]

            init?(_ text: Substring) {
                let columns = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                guard columns.count >= 11, let time = Int64(columns[0]) else { return nil }
                openTime = time
                values = columns
            }
        }

        private static let page: UInt32 = 1000

        @Test("Every closed candle of market-data equals the file's, and a fill lies inside its minute's range")
        func candlesEqualTheFile() async throws {
            let path = try #require(history, "set CRYPTOPULSE_TEST_DATA to the folder with data/")
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline).compactMap(Line.init)
            #expect(lines.count > 40_000)
            let byTime = Dictionary(lines.map { ($0.openTime, $0) }, uniquingKeysWith: { first, _ in first })
            try await LocalMesh.with(candles: path) { mesh in
                var someone = try await mesh.makePerson()
                let tokens = try await Tokens(of: someone.person, digest: [UInt8](repeating: 1, count: 32), on: mesh)
                let client = try mesh.client(to: .marketData, as: "gateway")
                let market = MarketDataV1.MarketDataClient(client)
                let candles = try await Self.closedCandles(market, tokens, from: try #require(lines.first).openTime)
                // A week of minutes lies before the moment at which a replay begins.
                #expect(candles.count >= 7 * 24 * 60)
                #expect(candles.map(\.openTimeMs) == lines.prefix(candles.count).map(\.openTime))
                let different = candles.filter { candle in
                    let shown = [candle.open, candle.high, candle.low, candle.close, candle.volume].map { Decimal($0) }
                    return byTime[candle.openTimeMs].map { line in shown != line.values[1...5].map { try? Decimal(plain: $0) } } ?? true
                }
                #expect(different.isEmpty, "\(different.count) of \(candles.count), first \(different.prefix(1))")
                try await Self.expectFillInRange(&someone, market, tokens, byTime)
                await client.close()
            }
        }

        /// All whose minute is over in market time: the newest candle of all is still open.
        private static func closedCandles(
            _ market: MarketDataV1.MarketDataClient, _ tokens: Tokens, from first: Int64
        ) async throws -> [MarketDataV1.Candle] {
            func candles(_ request: MarketDataV1.GetCandlesRequest) async throws -> [MarketDataV1.Candle] {
                try await market.getCandles(request, options: .bearer(tokens.access)).candles
            }
            let open = try #require(try await candles(.init(symbol: "BTCUSDT", interval: "1m", limit: 1)).last).openTimeMs
            var closed: [MarketDataV1.Candle] = []
            var start = first
            while start < open {
                let next = try await candles(.init(symbol: "BTCUSDT", interval: "1m", startMs: start, endMs: open - 1, limit: page))
                start = try #require(next.last, "no candles from \(start)").openTimeMs + 60_000
                closed += next
            }
            return closed
        }

        private static func expectFillInRange(
            _ someone: inout LocalPerson, _ market: MarketDataV1.MarketDataClient, _ tokens: Tokens, _ lines: [Int64: Line]
        ) async throws {
            func minute() async throws -> Int64 {
                let candles = try await market.getCandles(
                    .init(symbol: "BTCUSDT", interval: "1m", limit: 1), options: .bearer(tokens.access)
                ).candles
                return try #require(candles.last).openTimeMs
            }
            let proposal = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            let before = try await minute()
            let order = try await someone.sign(proposal)
            let after = try await minute()
            let range = stride(from: before, through: after, by: 60_000).compactMap { lines[$0] }
            let low = try #require(range.compactMap { try? Decimal(plain: $0.values[3]) }.min())
            let high = try #require(range.compactMap { try? Decimal(plain: $0.values[2]) }.max())
            #expect(!order.fills.isEmpty)
            for fill in order.fills {
                let price = try #require(Decimal(fill.price))
                #expect(low <= price && price <= high)
            }
        }
    }
}
