import Crypto
import Exchange
import FoundationEssentials
import Synchronization
import Testing
import Trading

@testable import SandboxExchange

/// Our own client against the sandbox, and both over a restart.
@Suite("The project's client", .timeLimit(.minutes(1)))
struct ExchangeClientTests {
    private static func order(_ id: String, price: String? = nil) throws -> NewOrder {
        let quantity = try Trading.Decimal(canonical: "0.01")
        return NewOrder(
            symbol: "BTCUSDT", side: .buy,
            terms: try price.map { .limit(quantity: quantity, price: try Trading.Decimal(canonical: $0)) } ?? .market(quantity: quantity),
            clientOrderID: id)
    }

    @Test("It places, finds and cancels orders, and sees its account and trades")
    func trades() async throws {
        try await RunningSandbox.run { sandbox in
            let client = sandbox.client(try await sandbox.credential(["USDT": Trading.Decimal(10_000)]))
            let filled = try await client.placeOrder(Self.order("filled"))
            #expect(filled.status == .filled && !filled.fills.isEmpty)
            #expect(try await client.order(symbol: "BTCUSDT", clientOrderID: "filled").orderID == filled.orderID)
            #expect(try await client.trades(symbol: "BTCUSDT", orderID: filled.orderID).map(\.fill) == filled.fills)
            _ = try await client.placeOrder(Self.order("waiting", price: "1000"))
            #expect(try await client.openOrders(symbol: nil).map(\.clientOrderID) == ["waiting"])
            #expect(try await client.account().balances.first { $0.asset == "USDT" }?.locked == Trading.Decimal(10))
            #expect(try await client.cancelOrder(symbol: "BTCUSDT", clientOrderID: "waiting").status == .canceled)
            let rules = try #require(try await client.symbolRules(["BTCUSDT"]).first)
            #expect(rules.stepSize == Trading.Decimal("0.00001") && rules.minimumNotional == Trading.Decimal(5) && rules.isTrading)
            #expect(try await client.keyMayTrade(symbol: "BTCUSDT"))
            let reader = sandbox.client(try await sandbox.credential([:], canTrade: false))
            #expect(try await !reader.keyMayTrade(symbol: "BTCUSDT"))
        }
    }

    @Test("Refusals keep their code and kind, and tell no secret")
    func refusals() async throws {
        try await RunningSandbox.run { sandbox in
            let client = sandbox.client(try await sandbox.credential([:]))
            let poor = await #expect(throws: ExchangeError.self) { try await client.placeOrder(Self.order("poor")) }
            #expect(poor?.kind == .rejected && poor?.code == -2010)
            let unknown = await #expect(throws: ExchangeError.self) { try await client.order(symbol: "BTCUSDT", clientOrderID: "none") }
            #expect(unknown?.isUnknownOrder == true)
            let stranger = sandbox.client(
                ExchangeCredential(apiKey: String(repeating: "K", count: 64), signer: Ed25519RequestSigner(Curve25519.Signing.PrivateKey()))
            )
            let refused = await #expect(throws: ExchangeError.self) { try await stranger.account() }
            #expect(refused?.kind == .credentials && refused?.code == -2015)
            #expect("\(String(describing: refused))".contains("KKKK") == false)
        }
    }

    @Test("When the clocks part, the client reads the exchange's again and signs anew")
    func clockStep() async throws {
        let offset = Mutex<Int64>(0)
        try await RunningSandbox.run(wallTime: { RunningSandbox.systemTime() + offset.withLock { $0 } }) { sandbox in
            let client = sandbox.client(try await sandbox.credential(["USDT": Trading.Decimal(10_000)]))
            _ = try await client.account()
            for step: Int64 in [3_600_000_000, -7_200_000_000] {
                offset.withLock { $0 += step }
                _ = try await client.account()
            }
        }
    }

    @Test("After a 429 nothing is sent until the exchange's time is over")
    func rateLimit() async throws {
        try await RunningSandbox.run(SandboxConfiguration(weightPerMinute: 10)) { sandbox in
            let client = sandbox.client()
            let first = await #expect(throws: ExchangeError.self) { for _ in 0..<20 { _ = try await client.price(symbol: "BTCUSDT") } }
            #expect(first?.kind == .rateLimited && first?.httpStatus == 429)
            let second = await #expect(throws: ExchangeError.self) { _ = try await client.serverTime() }
            #expect(second?.kind == .rateLimited && second?.httpStatus == nil && second?.retryAfter != nil)
        }
    }

    @Test("Nobody listening is UNAVAILABLE, not an unknown outcome: nothing was sent")
    func notListening() async throws {
        let client = BinanceClient(
            baseURL: "http://localhost:1",
            credential: ExchangeCredential(apiKey: "k", signer: HMACRequestSigner(SymmetricKey(size: .bits256))),
            logger: RunningSandbox.quiet)
        let error = await #expect(throws: ExchangeError.self) { try await client.placeOrder(Self.order("lost")) }
        #expect(error?.kind == .unavailable)
    }

    @Test("Orders, balances and keys are there after a restart, and waiting orders still fill")
    func restart() async throws {
        let clock = Mutex<Int64>(1_790_000_000_000_000)
        let wallTime: @Sendable () -> Int64 = { clock.withLock { $0 } }
        let kept = Mutex<ExchangeCredential?>(nil)
        try await withTemporaryFolder { folder in
            try await RunningSandbox.run(SandboxConfiguration(), folder: folder, wallTime: wallTime) { sandbox in
                let credential = try await sandbox.credential(["USDT": Trading.Decimal(10_000)])
                kept.withLock { $0 = credential }
                let client = sandbox.client(credential)
                _ = try await client.placeOrder(Self.order("before"))
                let price = try await client.price(symbol: "BTCUSDT").price
                let near = try (price - Trading.Decimal(5)).rounded(scale: 2, rounding: .down)
                _ = try await client.placeOrder(Self.order("waiting", price: near.description))
            }
            clock.withLock { $0 += 30 * 86_400_000_000 }
            try await RunningSandbox.run(SandboxConfiguration(), folder: folder, wallTime: wallTime) { sandbox async throws in
                let client = sandbox.client(kept.withLock { $0 })
                #expect(try await client.order(symbol: "BTCUSDT", clientOrderID: "before").status == .filled)
                #expect(try await client.order(symbol: "BTCUSDT", clientOrderID: "waiting").status == .filled)
                #expect(try await client.openOrders(symbol: "BTCUSDT").isEmpty)
            }
        }
    }
}
