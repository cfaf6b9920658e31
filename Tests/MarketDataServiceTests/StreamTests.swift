import Exchange
import MeshCall
import SandboxExchange
import ServiceAPI
import Testing
import Trading

@testable import MarketDataService

@Suite("Ticker streams", .serialized, .timeLimit(.minutes(1)))
struct StreamTests {
    @Test("Every symbol comes at once, then each change")
    func streams() async throws {
        let clock = ManualClock()
        try await ReplayedExchange.run(SandboxConfiguration(), clock: clock) { exchange async throws in
            var limits = MarketDataLimits()
            limits.pollInterval = .milliseconds(20)
            try await RunningMarketData.run(on: exchange, limits: limits) { running async throws in
                var stream = try await running.client.streamTickers(.init(symbols: ["ETHUSDT", "BTCUSDT"])).makeAsyncIterator()
                let first = try #require(try await stream.next())
                let second = try #require(try await stream.next())
                #expect([first.symbol, second.symbol] == ["BTCUSDT", "ETHUSDT"])
                clock.advance(by: 30_000)
                let change = try #require(try await stream.next())
                let before = change.symbol == first.symbol ? first : second
                #expect(change.bidPrice != before.bidPrice || change.askPrice != before.askPrice)
            }
        }
    }

    @Test("A slow reader gets the latest ticker of each symbol, not all of them")
    func latestWins() async throws {
        let mailbox = TickerMailbox(symbols: ["BTCUSDT", "ETHUSDT"])
        for price in 1...1000 { mailbox.put(.init(symbol: "BTCUSDT", bidPrice: "\(price)", timeMs: Int64(price))) }
        mailbox.put(.init(symbol: "ETHUSDT", bidPrice: "1"))
        mailbox.put(.init(symbol: "XRPUSDT", bidPrice: "1"))
        let waiting = try #require(try await mailbox.next())
        #expect(waiting.map(\.symbol) == ["BTCUSDT", "ETHUSDT"])
        #expect(waiting.first?.bidPrice == "1000")
    }

    @Test("The same prices at another time are no change")
    func unchanged() async throws {
        let mailbox = TickerMailbox(symbols: ["BTCUSDT"])
        mailbox.put(.init(symbol: "BTCUSDT", bidPrice: "1", timeMs: 1))
        _ = try await mailbox.next()
        mailbox.put(.init(symbol: "BTCUSDT", bidPrice: "1", timeMs: 2))
        mailbox.put(.init(symbol: "BTCUSDT", bidPrice: "2", timeMs: 3))
        #expect(try await mailbox.next()?.map(\.timeMs) == [3])
    }

    @Test("A stream ends with UNAVAILABLE when the exchange has been away too long")
    func exchangeGone() async throws {
        var limits = MarketDataLimits()
        limits.pollInterval = .milliseconds(5)
        limits.staleAfter = .milliseconds(50)
        let hub = TickerHub(
            exchange: ExchangeReader(current: { throw RPCError(.unavailable, "away") }, refused: { _ in }), limits: limits, now: { 0 })
        let (_, mailbox) = try await hub.subscribe(to: ["BTCUSDT"])
        let polling = Task { try await hub.run() }
        let error = await #expect(throws: RPCError.self) { try await mailbox.next() }
        #expect(error?.code == .unavailable && error?.reason == "EXCHANGE_UNAVAILABLE")
        polling.cancel()
    }

    @Test("Beyond the limit of streams a further one is refused, and room comes back")
    func tooManyStreams() async throws {
        var limits = MarketDataLimits()
        limits.maximumStreams = 2
        let hub = TickerHub(
            exchange: ExchangeReader(current: { throw RPCError(.unavailable, "away") }, refused: { _ in }), limits: limits, now: { 0 })
        let (first, _) = try await hub.subscribe(to: ["BTCUSDT"])
        _ = try await hub.subscribe(to: ["BTCUSDT"])
        await #expect(throws: RPCError.self) { _ = try await hub.subscribe(to: ["BTCUSDT"]) }
        await hub.unsubscribe(first)
        _ = try await hub.subscribe(to: ["BTCUSDT"])
    }
}
