import FoundationEssentials
import Logging
import NIOConcurrencyHelpers
import Testing
import Trading

@testable import Exchange

@Suite("When whoever holds the key does not sign", .timeLimit(.minutes(1)))
struct SigningDeadlineTests {
    /// Signs, but not the first times: it answers nobody then, not even who gives up.
    private final class SlowSigner: RequestSigner {
        let place = "the slow device"
        let silent: Int
        private let state = NIOLockedValueBox<(payloads: [String], waiting: [CheckedContinuation<Void, Never>])>(([], []))

        init(silent: Int) { self.silent = silent }

        var payloads: [String] { state.withLockedValue { $0.payloads } }

        func letGo() { for waiting in state.withLockedValue({ $0.waiting }) { waiting.resume() } }

        func signature(of payload: [UInt8]) async throws -> String {
            let count = state.withLockedValue { state in
                state.payloads.append(String(decoding: payload, as: UTF8.self))
                return state.payloads.count
            }
            guard count <= silent else { return "signed" }
            await withCheckedContinuation { continuation in state.withLockedValue { $0.waiting.append(continuation) } }
            return "too late"
        }
    }

    private static func client(_ server: FaultyServer, _ signer: any RequestSigner) -> BinanceClient {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return BinanceClient(
            baseURL: "http://127.0.0.1:\(server.port)", credential: ExchangeCredential(apiKey: "key", signer: signer),
            limits: ExchangeLimits(readTimeout: .seconds(5), orderTimeout: .seconds(5), signingTimeout: .milliseconds(100)), logger: logger)
    }

    private static let order = NewOrder(symbol: "BTCUSDT", side: .buy, terms: .market(quantity: .one), clientOrderID: "id")
    private static let refusal = FaultyServer.Fault.answers(FaultyServer.reply("400 Bad Request", #"{"code":-2010,"msg":"m"}"#))

    private static func timestamp(_ payload: String) -> Int64? {
        payload.split(separator: "&").first { $0.hasPrefix("timestamp=") }.flatMap { Int64($0.dropFirst("timestamp=".count)) }
    }

    @Test("What was not signed in time is asked for again with the time of then, and sent once")
    func again() async throws {
        try await FaultyServer.with(Self.refusal) { server in
            let signer = SlowSigner(silent: 1)
            defer { signer.letGo() }
            let error = await #expect(throws: ExchangeError.self) { try await Self.client(server, signer).placeOrder(Self.order) }
            #expect(error?.code == -2010 && server.counts.orderRequests == 1)
            let times = signer.payloads.compactMap(Self.timestamp)
            #expect(times.count == 2 && times[1] - times[0] >= 100)
        }
    }

    @Test("Without a signature nothing is sent, the wait is bounded, and the error names who did not sign")
    func never() async throws {
        try await FaultyServer.with(Self.refusal) { server in
            let signer = SlowSigner(silent: .max)
            defer { signer.letGo() }
            let error = await #expect(throws: ExchangeError.self) { try await Self.client(server, signer).placeOrder(Self.order) }
            #expect(error?.kind == .notSigned && error?.message.contains("the slow device") == true)
            #expect(server.counts.orderRequests == 0 && signer.payloads.count == 2)
        }
    }

    @Test("A refusal to sign is final, and what the store said of it stays in the log", arguments: [true, false])
    func refused(isCancellation: Bool) async throws {
        struct Refusal: Error { let words = "store-words-marker" }
        try await FaultyServer.with(Self.refusal) { server in
            let calls = NIOLockedValueBox(0)
            let signer = RemoteRequestSigner(place: "the device") { _ in
                calls.withLockedValue { $0 += 1 }
                if isCancellation { throw CancellationError() }
                throw Refusal()
            }
            let error = await #expect(throws: ExchangeError.self) { try await Self.client(server, signer).placeOrder(Self.order) }
            #expect(error?.kind == .notSigned && "\(error as Any)".contains("the device") && !"\(error as Any)".contains("marker"))
            #expect(server.counts.orderRequests == 0 && calls.withLockedValue { $0 } == 1)
        }
    }
}
