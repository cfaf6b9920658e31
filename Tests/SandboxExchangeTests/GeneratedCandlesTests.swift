import Testing
import Trading

@testable import SandboxExchange

@Suite("Generated prices")
struct GeneratedCandlesTests {
    private static let start: Int64 = 1_790_000_040_000

    private static func source(_ symbol: String = "BTCUSDT", seed: UInt64 = 1) throws -> GeneratedCandles {
        GeneratedCandles(rules: try #require(SymbolRules.named(symbol)), seed: seed)
    }

    @Test("The same seed gives the same prices, another one others")
    func deterministic() throws {
        let candle = try Self.source().candle(openTime: Self.start)
        #expect(candle != nil)
        #expect(try candle == Self.source().candle(openTime: Self.start))
        #expect(try candle != Self.source(seed: 2).candle(openTime: Self.start))
        #expect(try candle?.close != Self.source("ETHUSDT").candle(openTime: Self.start)?.close)
    }

    @Test("Each minute opens where the last one closed, keeps to its range, and moves on ticks", arguments: ["BTCUSDT", "ETHUSDT"])
    func continuous(symbol: String) throws {
        let source = try Self.source(symbol)
        let rules = try #require(SymbolRules.named(symbol))
        let candles = (0..<500).compactMap { source.candle(openTime: Self.start + $0 * 60_000) }
        #expect(candles.count == 500)
        #expect(zip(candles, candles.dropFirst()).allSatisfy { $0.close == $1.open })
        for candle in candles {
            #expect(candle.low <= min(candle.open, candle.close) && candle.high >= max(candle.open, candle.close))
            #expect(try candle.high.isMultiple(of: rules.tickSize) && candle.low.isMultiple(of: rules.tickSize))
            #expect(candle.low.isPositive && candle.volume.isPositive)
        }
    }

    @Test("A long candle is its minutes put together")
    func joins() throws {
        let source = try Self.source()
        let hour = CandleInterval.oneHour
        let openTime = hour.openTime(of: Self.start)
        let joined = try source.joined(openTime: openTime, through: openTime + hour.milliseconds - 1)
        var whole = try #require(source.candle(openTime: openTime, length: hour))
        #expect(whole.closeTime == openTime + hour.milliseconds - 1)
        whole.closeTime = joined?.closeTime ?? 0
        // Halves of volumes are rounded once for an hour, sixty times for its minutes.
        whole.takerBuyVolume = joined?.takerBuyVolume ?? .zero
        whole.takerBuyQuoteVolume = joined?.takerBuyQuoteVolume ?? .zero
        #expect(whole == joined)
    }
}
