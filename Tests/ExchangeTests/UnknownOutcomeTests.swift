import Crypto
import FoundationEssentials
import Logging
import Testing
import Trading

@testable import Exchange

@Suite("When an order's answer does not come", .timeLimit(.minutes(1)))
struct UnknownOutcomeTests {
    private static func client(_ server: FaultyServer, bytes: Int = 4096) -> BinanceClient {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return BinanceClient(
            baseURL: "http://127.0.0.1:\(server.port)",
            credential: ExchangeCredential(apiKey: "key-marker", signer: HMACRequestSigner(SymmetricKey(data: Data("secret".utf8)))),
            limits: ExchangeLimits(readTimeout: .milliseconds(300), orderTimeout: .milliseconds(300), maximumReplyBytes: bytes), logger: logger)
    }

    private static let order = NewOrder(symbol: "BTCUSDT", side: .buy, terms: .market(quantity: .one), clientOrderID: "id")

    static let faults: [FaultyServer.Fault] = [
        .closes, .neverAnswers, .breaksOff, .answers(FaultyServer.reply("200 OK", "<html>")), .answers("garbage\r\n\r\n"),
        .answers(FaultyServer.reply("200 OK", String(repeating: " ", count: 5000))),
        .answers(FaultyServer.reply("500 Internal Server Error", #"{"code":-1000,"msg":"?"}"#)),
        .answers(FaultyServer.reply("504 Gateway Timeout", #"{"code":-1007,"msg":"Timeout waiting for response from backend server."}"#)),
        .answers(FaultyServer.reply("307 Temporary Redirect", "", headers: "Location: http://127.0.0.1:1/api/v3/order\r\n")),
    ]

    @Test("Whatever happens after it was sent, an order's outcome is unknown, a read's is unavailable, and no secret is told", arguments: faults)
    func afterSending(fault: FaultyServer.Fault) async throws {
        try await FaultyServer.with(fault) { server in
            let client = Self.client(server)
            let placing = await #expect(throws: ExchangeError.self) { try await client.placeOrder(Self.order) }
            #expect(placing?.kind == .unknownOutcome, "\(placing as Any)")
            #expect(server.counts.orderRequests == 1, "an order must not be sent again")
            let asking = await #expect(throws: ExchangeError.self) { try await client.order(symbol: "BTCUSDT", clientOrderID: "id") }
            #expect(asking?.kind == .unavailable, "\(asking as Any)")
            for text in ["\(placing as Any)", "\(asking as Any)"] {
                #expect(!text.contains("signature") && !text.contains("marker") && !text.contains("127.0.0.1"))
            }
        }
    }

    @Test("Cancelled, it says so and leaves nothing running")
    func cancelled() async throws {
        try await FaultyServer.with(.neverAnswers) { server in
            let client = Self.client(server)
            let task = Task { try await client.placeOrder(Self.order) }
            task.cancel()
            let error = await #expect(throws: (any Error).self) { try await task.value }
            #expect(error is CancellationError || (error as? ExchangeError)?.kind == .unavailable, "\(error as Any)")
        }
    }

    @Test("Refusals that the exchange itself worded are definite", arguments: [
        ("400 Bad Request", -2010, ExchangeError.Kind.rejected), ("401 Unauthorized", -2015, .credentials), ("429 Too Many", -1003, .rateLimited),
    ])
    func definite(status: String, code: Int, kind: ExchangeError.Kind) async throws {
        try await FaultyServer.with(.answers(FaultyServer.reply(status, #"{"code":\#(code),"msg":"m"}"#, headers: "Retry-After: 7\r\n"))) { server in
            let error = await #expect(throws: ExchangeError.self) { try await Self.client(server).placeOrder(Self.order) }
            #expect(error?.kind == kind && error?.code == code && error?.retryAfter == .seconds(7))
        }
    }
}
