import Exchange
import FoundationEssentials
import GRDB
import MeshCall
import SandboxExchange
import ServiceAPI
import Storage
import Testing
import Trading

@testable import MarketDataService

/// A replay of real candles: `data/BTCUSDT-1m-2022-01.csv` of the test data.
@Suite("Candles of a replayed month", .serialized, .timeLimit(.minutes(2)), .enabled(if: Recording.isExpected, "set CRYPTOPULSE_TEST_DATA"))
struct CandleTests {
    /// Two days and some seconds into the file.
    private static let now = Recording.start + 2 * 86_400_000 + 25_000

    private static func replay(
        speed: Int64 = 0, clock: ManualClock = ManualClock(),
        _ body: @escaping @Sendable (ReplayedExchange, RunningMarketData) async throws -> Void
    ) async throws {
        let configuration = SandboxConfiguration(candles: try Recording.path, speed: speed, start: now)
        try await ReplayedExchange.run(configuration, clock: clock) { exchange async throws in
            try await RunningMarketData.run(on: exchange) { running async throws in
                try await body(exchange, running)
            }
        }
    }

    @Test("All candles up to now equal the file's, from the exchange and again from the store")
    func equalsFile() async throws {
        try await Self.replay { _, running async throws in
            let expected = try Recording.candles.prefix { $0.closeTimeMs < Self.now }
            for _ in 0..<2 {
                var found: [MarketDataV1.Candle] = []
                while found.count < expected.count {
                    let start = found.last.map { $0.openTimeMs + 60_000 } ?? Recording.start
                    let answer = try await running.client.getCandles(
                        .init(symbol: "BTCUSDT", interval: "1m", startMs: start, endMs: Self.now, limit: 1000))
                    try #require(!answer.candles.isEmpty)
                    found += answer.candles
                }
                // The last one is still open: its range is the file's, its close is the price now.
                let open = found.removeLast()
                #expect(found == Array(expected))
                #expect(open.openTimeMs == Recording.start + 2 * 86_400_000)
            }
            let stored = try await running.database.readAll { db in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM candle WHERE open_ms >= ?", arguments: [Self.now / 60_000 * 60_000])
            }
            #expect(stored == 0, "an open candle must not be stored")
        }
    }

    @Test("Without a start the last candles are answered, longer ones put together from minutes", arguments: ["5m", "1h", "1d"])
    func lastCandles(interval: String) async throws {
        try await Self.replay { _, running async throws in
            let length = try #require(KlineInterval(rawValue: interval)).milliseconds
            let answer = try await running.client.getCandles(.init(symbol: "BTCUSDT", interval: interval, limit: 2))
            let closed = try #require(answer.candles.first)
            let minutes = try Recording.candles.filter { $0.openTimeMs / length * length == closed.openTimeMs }
            #expect(answer.candles.count == 2)
            #expect(closed.closeTimeMs == closed.openTimeMs + length - 1)
            #expect(closed.open == minutes.first?.open && closed.close == minutes.last?.close)
            #expect(try closed.high == minutes.map { try decimal($0.high) }.max()?.description)
            #expect(try closed.low == minutes.map { try decimal($0.low) }.min()?.description)
        }
    }

    @Test("A hole in what is stored is filled, and only the hole is asked for")
    func fillsGaps() async throws {
        try await Self.replay { _, running async throws in
            let minute: Int64 = 60_000
            func ask(_ first: Int64, _ last: Int64) async throws -> [MarketDataV1.Candle] {
                try await running.client.getCandles(
                    .init(
                        symbol: "BTCUSDT", interval: "1m", startMs: Recording.start + first * minute, endMs: Recording.start + last * minute
                    )
                ).candles
            }
            #expect(try await ask(0, 9).count == 10)
            #expect(try await ask(20, 29).count == 10)
            #expect(try await ask(0, 29) == Array(try Recording.candles.prefix(30)))
            let spans = try await CandleStore(database: running.database).spans(of: .init(symbol: "BTCUSDT", interval: .oneMinute))
            #expect(spans.ranges.first == Recording.start...(Recording.start + 29 * minute))
        }
    }

    @Test("An order's fill lies inside the range of the minute that its trade names", arguments: [OrderSide.buy, .sell])
    func fillInsideRange(side: OrderSide) async throws {
        let clock = ManualClock()
        try await Self.replay(speed: 1000, clock: clock) { exchange, _ async throws in
            let trader = try await exchange.trader(["USDT": "1000000", "BTC": "100"])
            for round in 1...20 {
                clock.advance(by: 61)
                let report = try await trader.placeOrder(
                    NewOrder(
                        symbol: "BTCUSDT", side: side, terms: .market(quantity: try Trading.Decimal(canonical: "0.3")),
                        clientOrderID: "round-\(round)"))
                #expect(report.status == .filled)
                let trades = try await trader.trades(symbol: "BTCUSDT", orderID: report.orderID)
                #expect(!trades.isEmpty)
                for trade in trades {
                    let minute = try #require(try Recording.candles.first { $0.closeTimeMs >= trade.timeMilliseconds })
                    let (low, high) = (try decimal(minute.low), try decimal(minute.high))
                    #expect(low <= trade.fill.price && trade.fill.price <= high)
                }
            }
        }
    }

    @Test(
        "What makes no sense is INVALID_ARGUMENT",
        arguments: [
            MarketDataV1.GetCandlesRequest(symbol: "BTCUSDT", interval: "2m"), .init(symbol: "BTCUSDT", interval: "1m", limit: 1001),
            .init(symbol: "BTCUSDT", interval: "1m", startMs: 2, endMs: 1), .init(symbol: "BTCUSDT", interval: "1m", startMs: -1),
            .init(symbol: "BTCUSDT", interval: "1m", startMs: .max), .init(symbol: "B", interval: "1m"),
        ])
    func badRequests(request: MarketDataV1.GetCandlesRequest) throws {
        let error = #expect(throws: RPCError.self) { try CandleRequest(request) }
        #expect(error?.code == .invalidArgument)
    }
}
