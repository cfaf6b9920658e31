import Testing
import Trading

@testable import AgentService

@Suite("Indicators")
struct IndicatorTests {
    /// The closes of StockCharts' published RSI example; the expected figures were computed apart, with fractions.
    private static let closes = """
        44.34 44.09 44.15 43.61 44.33 44.83 45.10 45.42 45.84 46.08 45.89 46.03 45.61 46.28 46.28 46.00 46.03 46.41 46.22 45.64 \
        46.21 46.25 45.71 46.45 45.78 45.35 44.03 44.18 44.22 44.57
        """.split(separator: " ").compactMap { try? Decimal(plain: String($0)) }

    private static func bars(_ closes: [Decimal]) throws -> [CandleBar] {
        try closes.enumerated().map { index, close in
            CandleBar(
                time: Int64(index), open: try close - number("0.3"), high: try close + number("0.5"), low: try close - number("0.7"),
                close: close,
                volume: .one)
        }
    }

    private static func number(_ text: String) throws -> Decimal { try Decimal(plain: text) }

    private func rounded(_ value: Decimal?) throws -> String? {
        try value?.rounded(scale: 9, rounding: .halfEven).description
    }

    @Test("Agree with an independent computation")
    func published() throws {
        #expect(Self.closes.count == 30)
        let indicators = try #require(try Indicators(try Self.bars(Self.closes)))
        #expect(indicators.sma20 == (try Self.number("45.657")))
        #expect(try rounded(indicators.ema20) == "45.186781873")
        #expect(indicators.rsi14 == (try Self.number("45.50")))
        #expect(try rounded(indicators.atr14) == "1.262944375")
        #expect(indicators.atrPercent == (try Self.number("2.83")))
        #expect(indicators.changePercent == (try Self.number("1.20")))
        #expect(indicators.high == (try Self.number("46.95")))
        #expect(indicators.low == (try Self.number("42.91")))
        #expect(indicators.last == (try Self.number("44.57")))
    }

    @Test("RSI of the first 15 closes is the published 70.46")
    func firstStrength() throws {
        #expect(try Series.relativeStrength(Array(Self.closes.prefix(15)), 14) == Self.number("70.46"))
    }

    @Test("With too few candles an indicator is absent, with none there is nothing")
    func tooFew() throws {
        let few = try #require(try Indicators(try Self.bars(Array(Self.closes.prefix(14)))))
        #expect(few.sma20 == nil)
        #expect(few.ema20 == nil)
        #expect(few.rsi14 == nil)
        #expect(few.atr14 == nil)
        #expect(try Indicators([]) == nil)
    }

    @Test("A price that never moves has strength 50, one that only rises 100")
    func extremes() throws {
        #expect(try Series.relativeStrength(Array(repeating: .one, count: 20), 14) == Decimal(50))
        #expect(try Series.relativeStrength((1...20).map { Decimal($0) }, 14) == Decimal(100))
    }
}
