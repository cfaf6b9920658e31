import Crypto
import Cryptography
import FoundationEssentials
import KeyManagement
import MeshCall
import SandboxExchange
import ServiceAPI
import Storage
import Testing
import Trading

@testable import MarketDataService

@Suite("Prices", .serialized, .timeLimit(.minutes(1)))
struct PriceTests {
    @Test("Price, bid and ask are the exchange's, as canonical decimals")
    func prices() async throws {
        try await ReplayedExchange.run(SandboxConfiguration()) { exchange async throws in
            try await RunningMarketData.run(on: exchange) { running async throws in
                let price = try await running.client.getPrice(.init(symbol: "BTCUSDT"))
                let ticker = try await running.client.getBookTicker(.init(symbol: "BTCUSDT"))
                let value = try decimal(price.price)
                let (bid, ask) = (try decimal(ticker.bidPrice), try decimal(ticker.askPrice))
                #expect(bid < ask && bid <= value && value <= ask)
                #expect(ticker.timeMs > 0)
            }
        }
    }

    @Test("Before the read key is there a call says that it is missing")
    func noKey() async throws {
        try await withTemporaryFolder { folder in
            let running = try await RunningMarketData.start("http://localhost:1", folder: folder)
            let error = await #expect(throws: RPCError.self) { try await running.client.getPrice(.init(symbol: "BTCUSDT")) }
            #expect(error?.code == .unavailable && error?.reason == "EXCHANGE_KEY_MISSING")
            #expect(running.service.problem != nil)
        }
    }

    @Test("A key that may trade or withdraw is not used, and the audit log hears of it", arguments: ["trade", "withdraw"])
    func strongKey(permission: String) async throws {
        try await ReplayedExchange.run(SandboxConfiguration()) { exchange async throws in
            try await RunningMarketData.run(on: exchange, permissions: ["read", permission]) { running async throws in
                #expect(try await running.auditActions().contains("exchange_key.refused"))
                #expect(running.service.problem?.contains("The key may \(permission)") == true)
                await #expect(throws: RPCError.self) { try await running.client.getPrice(.init(symbol: "BTCUSDT")) }
            }
        }
    }

    @Test("The key is made once, stays over a restart, and its use is an audit event")
    func keySurvives() async throws {
        try await ReplayedExchange.run(SandboxConfiguration()) { exchange async throws in
            try await RunningMarketData.run(on: exchange) { running async throws in
                let cipher = ColumnCipher(rootKey: SymmetricKey(data: Data(repeating: 1, count: 32)))
                let kept = try await running.database.readAll { try ReadKeyTable(cipher: cipher).read(.current, in: $0) }
                #expect(try await running.service.exchangeKeys.first?.records(gone: false, limit: 9).map(\.id) == [try #require(kept).id])
                #expect(try await running.auditActions() == ["exchange_key.created", "exchange_key.used"])
            }
        }
    }

    @Test(
        "An unknown symbol is NOT_FOUND, a malformed one INVALID_ARGUMENT",
        arguments: ["NOSUCH": StatusCode.notFound, "btc usdt": .invalidArgument])
    func badSymbols(symbol: String, code: StatusCode) async throws {
        try await ReplayedExchange.run(SandboxConfiguration()) { exchange async throws in
            try await RunningMarketData.run(on: exchange) { running async throws in
                let error = await #expect(throws: RPCError.self) { try await running.client.getPrice(.init(symbol: symbol)) }
                #expect(error?.code == code)
            }
        }
    }
}
