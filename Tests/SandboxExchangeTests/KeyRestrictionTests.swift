import Exchange
import Testing
import Trading

@testable import SandboxExchange

/// What a key may do and from where, asked by the project's own client.
@Suite("Restrictions of keys", .timeLimit(.minutes(1)))
struct KeyRestrictionTests {
    /// An address that no test calls from (RFC 5737).
    private static let elsewhere: Set<String> = ["192.0.2.1"]
    private static let here: Set<String> = ["127.0.0.1", "::1"]

    private static func client(_ rights: APIKey.Rights, of sandbox: RunningSandbox) async throws -> BinanceClient {
        sandbox.client(try await sandbox.credential(["USDT": Trading.Decimal(100)], rights: rights))
    }

    private static func refusal(_ client: BinanceClient) async -> ExchangeError? {
        await #expect(throws: ExchangeError.self) { _ = try await client.account() }
    }

    @Test("The exchange says what each key may do")
    func restrictions() async throws {
        try await RunningSandbox.run { sandbox in
            let reader = try await Self.client(.init(), of: sandbox)
            #expect(try await reader.keyRestrictions() == KeyRestrictions(isRestrictedToAddresses: false, mayTradeSpot: false))
            let all = try await Self.client(.init(canTrade: true, canWithdraw: true, addresses: Self.here), of: sandbox)
            #expect(try await all.keyRestrictions() == KeyRestrictions(isRestrictedToAddresses: true, mayTradeSpot: true, mayWithdraw: true))
        }
    }

    @Test("An exchange that should say what keys may do, and does not, is an error; of a test network that is known")
    func silentExchange() async throws {
        try await RunningSandbox.run { sandbox in
            let credential = try await sandbox.credential(["USDT": Trading.Decimal(100)], rights: .init(canTrade: true))
            func client(_ kind: ExchangePlace.Kind) -> BinanceClient {
                // Nothing is there.
                BinanceClient(baseURL: sandbox.baseURL + "/elsewhere", kind: kind, credential: credential, logger: RunningSandbox.quiet)
            }
            #expect(try await client(.testnet).keyRestrictions() == nil)
            let error = await #expect(throws: ExchangeError.self) { _ = try await client(.live).keyRestrictions() }
            #expect(error?.httpStatus == 404)
            #expect(await #expect(throws: ExchangeError.self) { try await client(.live).with(credential: credential).keyRestrictions() }?.httpStatus == 404)
        }
    }

    @Test("A key with an address list is taken from there alone, and trades there")
    func addresses() async throws {
        try await RunningSandbox.run { sandbox in
            let far = try await Self.client(.init(canTrade: true, addresses: Self.elsewhere), of: sandbox)
            let refused = await Self.refusal(far)
            #expect(refused?.code == -2015 && refused?.kind == .credentials)
            let near = try await Self.client(.init(canTrade: true, addresses: Self.here), of: sandbox)
            let order = NewOrder(symbol: "BTCUSDT", side: .buy, terms: .marketQuote(amount: Trading.Decimal(20)), clientOrderID: "near")
            #expect(try await near.placeOrder(order).status == .filled)
        }
    }

    @Test("-2015 is told apart: a permission that lacks, or key and address, which the exchange itself does not tell apart")
    func diagnosis() async throws {
        try await RunningSandbox.run { sandbox in
            let reader = try await Self.client(.init(addresses: Self.here), of: sandbox)
            let order = NewOrder(symbol: "BTCUSDT", side: .buy, terms: .marketQuote(amount: Trading.Decimal(20)), clientOrderID: "no")
            let refused = try #require(await #expect(throws: ExchangeError.self) { _ = try await reader.placeOrder(order) })
            #expect(await reader.diagnose(refused, for: .trading) == .permission([.cannotTrade]))
            let far = try await Self.client(.init(canTrade: true, addresses: Self.elsewhere), of: sandbox)
            #expect(await far.diagnose(try #require(await Self.refusal(far)), for: .trading) == .keyOrAddress)
            let wrong = await far.diagnose(ExchangeError(.credentials, code: -1022, message: ""), for: .trading)
            #expect(wrong == .wrongPair)
        }
    }
}
