import Testing
import Trading

@testable import SandboxExchange

@Suite("The market within a minute")
struct MarketTests {
    private static func market(_ seed: UInt64) throws -> Market {
        let rules = try #require(SymbolRules.named("BTCUSDT"))
        return Market(rules: rules, source: GeneratedCandles(rules: rules, seed: seed))
    }

    @Test(
        "The price begins at open, reaches low and high, ends at close, and never leaves the range",
        arguments: 1...20 as ClosedRange<UInt64>)
    func path(seed: UInt64) throws {
        let market = try Self.market(seed)
        let candle = try #require(market.source.candle(openTime: 1_790_000_040_000))
        let path = PricePath(candle: candle, tickSize: market.rules.tickSize)
        let prices = try (0..<PricePath.beats).map { try path.price(beat: $0) }
        #expect(prices.first == candle.open && prices.last == candle.close)
        #expect(prices.min() == candle.low && prices.max() == candle.high)
        for price in prices { #expect(try price.isMultiple(of: market.rules.tickSize)) }
    }

    @Test("All offers lie within the minute's range, best first, and what is shown never crosses", arguments: 1...20 as ClosedRange<UInt64>)
    func book(seed: UInt64) throws {
        let market = try Self.market(seed)
        for second: Int64 in stride(from: 0, to: 60, by: 7) {
            let moment = try #require(try market.moment(at: 1_790_000_040_000 + second * 1000))
            let book = try market.book(at: moment)
            #expect(book.asks.allSatisfy { $0.price <= moment.candle.high && $0.price >= moment.candle.low })
            #expect(book.bids.allSatisfy { $0.price <= moment.candle.high && $0.price >= moment.candle.low })
            #expect(zip(book.asks, book.asks.dropFirst()).allSatisfy { $0.price < $1.price })
            #expect(zip(book.bids, book.bids.dropFirst()).allSatisfy { $0.price > $1.price })
            let (bid, ask) = (try #require(book.shownBids.first), try #require(book.asks.first))
            #expect(bid.price < ask.price)
        }
    }

    @Test("A market time runs from its anchor at its speed and never overflows")
    func clock() {
        let clock = MarketClock(wallAnchor: 1000, marketAnchor: 500_000, speed: 60)
        #expect(clock.marketTime(wall: 1000) == 500_000)
        #expect(clock.marketTime(wall: 1001) == 500_060)
        #expect(MarketClock.live.marketTime(wall: 77) == 77)
        #expect(MarketClock(wallAnchor: 0, marketAnchor: 1, speed: MarketClock.maximumSpeed).marketTime(wall: .max) == .max)
    }

    @Test("Weeks open on Monday")
    func weeks() {
        // 2022-01-03 was a Monday.
        #expect(CandleInterval.oneWeek.openTime(of: 1_641_513_600_000) == 1_641_168_000_000)
    }
}
