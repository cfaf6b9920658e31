import Crypto
import FoundationEssentials
import Logging
import Synchronization
import Testing
import Trading

@testable import Exchange

@Suite("The last look at an order before it leaves", .timeLimit(.minutes(1)))
struct LastLookTests {
    private struct Revoked: Error {}

    private static func place(at server: FaultyServer, _ lastLook: @escaping @Sendable () async throws -> Void) async throws {
        let credential = ExchangeCredential(
            apiKey: "key-marker", signer: HMACRequestSigner(SymmetricKey(data: Data("secret".utf8))), lastLook: lastLook)
        let client = BinanceClient(
            baseURL: "http://127.0.0.1:\(server.port)", credential: credential, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        _ = try await client.placeOrder(NewOrder(symbol: "BTCUSDT", side: .buy, terms: .market(quantity: .one), clientOrderID: "order-marker"))
    }

    private static let refusal = FaultyServer.reply("400 Bad Request", #"{"code":-2010,"msg":"m"}"#)

    @Test("It is taken when the order's own connection stands, once; let go, the order comes whole")
    func letGo() async throws {
        try await FaultyServer.with(.answers(Self.refusal)) { server in
            let looks = Mutex<[FaultyServer.Counts]>([])
            let error = await #expect(throws: ExchangeError.self) {
                try await Self.place(at: server) {
                    // It stands in the kernel before the server knows of it.
                    while server.counts.connections < 2 {
                        try Task.checkCancellation()
                        await Task.yield()
                    }
                    looks.withLock { $0.append(server.counts) }
                }
            }
            #expect(error?.kind == .rejected && error?.code == -2010)
            // The first connection is the one over which the time was asked for.
            #expect(looks.withLock { $0.map(\.connections) } == [2] && looks.withLock { $0.map(\.orderRequests) } == [0])
            #expect(server.counts.orderRequests == 1)
        }
    }

    @Test("Not let go, nothing of the order arrives: no signature, no amount, no id")
    func keptBack() async throws {
        try await FaultyServer.with(.answers(Self.refusal)) { server in
            let error = await #expect(throws: ExchangeError.self) { try await Self.place(at: server) { throw Revoked() } }
            #expect(error?.kind == .withheld)
            while server.counts.unfinished.isEmpty {
                try Task.checkCancellation()
                await Task.yield()
            }
            #expect(server.counts.orderRequests == 0)
            let arrived = server.counts.unfinished.joined()
            #expect(arrived.contains("POST /api/v3/order HTTP/1.1"))
            for word in ["signature", "BTCUSDT", "order-marker"] { #expect(!arrived.contains(word)) }
        }
    }
}
