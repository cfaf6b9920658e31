import Crypto
import Exchange
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Secrets
import Testing
import Trading

@testable import SandboxExchange

/// The interface itself, byte for byte, through the real router.
@Suite("Binance's interface", .timeLimit(.minutes(1)))
struct ExchangeInterfaceTests {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPFields
        let body: String

        func says(_ code: Int, _ message: String) -> Bool {
            struct Fault: Decodable {
                var code: Int
                var msg: String
            }
            guard let fault = try? JSONDecoder().decode(Fault.self, from: Data(body.utf8)) else { return false }
            return fault.code == code && fault.msg == message
        }

        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
    }

    /// Signs and sends as a client would.
    struct Caller: Sendable {
        let client: any TestClientProtocol
        let apiKey: String
        let secret: String
        let account: Int64
        let exchange: SandboxExchange

        func signed(_ query: String, body: String = "") -> String {
            HMACRequestSigner(.init(data: Data(secret.utf8))).signature(of: Array((query + body).utf8))
        }

        func stamped(_ parameters: String, offset: Int64 = 0) -> String {
            (parameters.isEmpty ? "" : parameters + "&") + "timestamp=\(exchange.serverTime + offset)"
        }

        /// With the parameters and the signature in the query.
        func send(_ method: HTTPRequest.Method, _ path: String, _ parameters: String, offset: Int64 = 0) async throws -> Answer {
            let query = stamped(parameters, offset: offset)
            return try await raw(method, "\(path)?\(query)&signature=\(signed(query))")
        }

        func raw(_ method: HTTPRequest.Method, _ uri: String, body: String = "", key: String? = nil) async throws -> Answer {
            var headers: HTTPFields = [:]
            if let name = HTTPField.Name("X-MBX-APIKEY"), key != "" { headers[name] = key ?? apiKey }
            let response = try await client.execute(uri: uri, method: method, headers: headers, body: ByteBuffer(string: body))
            return Answer(status: response.status.code, headers: response.headers, body: String(buffer: response.body))
        }
    }

    private static func run(
        _ configuration: SandboxConfiguration = SandboxConfiguration(), canTrade: Bool = true,
        _ body: @escaping @Sendable (Caller) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let exchange = try await RunningSandbox.open(configuration, folder: folder)
            let responder = exchange.responder(operatorToken: SecretBytes(copying: Array(RunningSandbox.operatorToken.utf8)))
            try await Application(responder: responder, logger: RunningSandbox.quiet).test(.live) { client in
                let sandbox = RunningSandbox(exchange: exchange, baseURL: "")
                let account = try await sandbox.account(["USDT": Trading.Decimal(10_000), "BTC": Trading.Decimal(1)])
                let secret = KeyVault.randomText()
                let key = try exchange.vault.register(hmac: secret, account: account, rights: APIKey.Rights(canTrade: canTrade), label: "")
                try await exchange.transact { try $0.transaction.add(key, at: 0) }
                try await body(Caller(client: client, apiKey: key.apiKey, secret: secret, account: account, exchange: exchange))
            }
        }
    }

    private static let market = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01"

    @Test("Parameters may stand in the query, in the body or in both, in any order")
    func places() async throws {
        try await Self.run { caller in
            let query = caller.stamped(Self.market)
            let inBody = try await caller.raw(.post, "/api/v3/order", body: "\(query)&signature=\(caller.signed(query))")
            #expect(inBody.status == 200, "\(inBody.body)")
            let (left, right) = ("type=MARKET&symbol=BTCUSDT", caller.stamped("side=SELL&quantity=0.01"))
            let signature = caller.signed(left, body: right)
            let inBoth = try await caller.raw(.post, "/api/v3/order?\(left)", body: "\(right)&signature=\(signature)")
            #expect(inBoth.status == 200, "\(inBoth.body)")
            let upper = try await caller.raw(
                .get, "/api/v3/account?\(caller.stamped(""))&signature=\(caller.signed(caller.stamped("")).uppercased())")
            #expect(
                upper.status == 200 || upper.says(-1022, "Signature for this request is not valid."), "a new millisecond may have begun")
        }
    }

    @Test("Who is not known, or does not sign what is sent, is refused with the documented code")
    func authentication() async throws {
        try await Self.run { caller in
            let query = caller.stamped("")
            let good = "/api/v3/account?\(query)&signature=\(caller.signed(query))"
            #expect(try await caller.raw(.get, good).status == 200)
            let noKey = try await caller.raw(.get, good, key: "")
            #expect(noKey.status == 401 && noKey.says(-2014, "API-key format invalid."))
            let otherKey = try await caller.raw(.get, good, key: String(repeating: "A", count: 64))
            #expect(otherKey.status == 401 && otherKey.says(-2015, "Invalid API-key, IP, or permissions for action."))
            let changed = try await caller.raw(.get, good.replacing("timestamp=", with: "recvWindow=6000&timestamp="))
            #expect(changed.status == 400 && changed.says(-1022, "Signature for this request is not valid."))
            let unsigned = try await caller.raw(.get, "/api/v3/account?\(query)")
            #expect(unsigned.says(-1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed."))
            let timeless = try await caller.raw(.get, "/api/v3/account?signature=\(caller.signed(""))")
            #expect(timeless.says(-1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed."))
            let old = try await caller.send(.get, "/api/v3/account", "", offset: -5100)
            #expect(old.says(-1021, "Timestamp for this request is outside of the recvWindow."))
            let early = try await caller.send(.get, "/api/v3/account", "", offset: 5000)
            #expect(early.says(-1021, "Timestamp for this request was 1000ms ahead of the server's time."))
        }
    }

    @Test("A read-only key reads and may not trade, not even test")
    func readOnly() async throws {
        try await Self.run(canTrade: false) { caller in
            #expect(try await caller.send(.get, "/api/v3/account", "").status == 200)
            #expect(try await caller.send(.get, "/api/v3/openOrders", "symbol=BTCUSDT").status == 200)
            for (method, path) in [
                (HTTPRequest.Method.post, "/api/v3/order"), (.post, "/api/v3/order/test"), (.delete, "/api/v3/order"),
                (.delete, "/api/v3/openOrders"),
            ] {
                let answer = try await caller.send(method, path, Self.market)
                #expect(answer.status == 401 && answer.says(-2015, "Invalid API-key, IP, or permissions for action."))
            }
        }
    }

    @Test(
        "Orders that break a rule are refused with its code and text",
        arguments: [
            ("symbol=BTCUSDT&side=BUY&type=MARKET", -1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!"),
            ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1&quoteOrderQty=1", -1128, "Combination of optional parameters invalid."),
            ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1&price=1", -1106, "Parameter 'price' sent when not required."),
            ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1&timeInForce=GTC", -1106, "Parameter 'timeInForce' sent when not required."),
            (
                "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=50000", -1102,
                "Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed."
            ),
            (
                "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&timeInForce=GTC", -1102,
                "Mandatory parameter 'price' was not sent, was empty/null, or malformed."
            ),
            ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=50000&timeInForce=GTX", -1115, "Invalid timeInForce."),
            ("symbol=BTCUSDT&side=BUY&type=SWAP&quantity=1", -1116, "Invalid orderType."),
            ("symbol=BTCUSDT&side=LEND&type=MARKET&quantity=1", -1117, "Invalid side."),
            ("symbol=DOGECAT&side=BUY&type=MARKET&quantity=1", -1121, "Invalid symbol."),
            (
                "symbol=btcusdt&side=BUY&type=MARKET&quantity=1", -1100,
                "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'."
            ),
            ("side=BUY&type=MARKET&quantity=1", -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
            ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.000000001", -1111, "Parameter 'quantity' has too much precision."),
            ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.000001", -1013, "Filter failure: LOT_SIZE"),
            ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=101", -1013, "Filter failure: MARKET_LOT_SIZE"),
            ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.00001", -1013, "Filter failure: NOTIONAL"),
            ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=50000.001&timeInForce=GTC", -1013, "Filter failure: PRICE_FILTER"),
            ("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=0&timeInForce=GTC", -1013, "Invalid price."),
            ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0", -1013, "Invalid quantity."),
            ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1", -2010, "Account has insufficient balance for requested action."),
            ("symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&quantity=0.01&price=900000", -2010, "Order would immediately match and take."),
            (
                "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&nonsense=1", -1104,
                "Not all sent parameters were read; read '6' parameter(s) but was sent '7'."
            ),
            ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&quantity=0.02", -1101, "Duplicate values for a parameter detected."),
            ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=", -1105, "Parameter 'quantity' was empty."),
            (
                "symbol=BTCUSDT&side=SELL&type=STOP_LOSS&quantity=0.01&stopPrice=1", -1013,
                "Stop loss orders are not supported for this symbol."
            ),
        ])
    func refusedOrders(parameters: String, code: Int, message: String) async throws {
        try await Self.run { caller in
            let answer = try await caller.send(.post, "/api/v3/order", parameters)
            #expect(answer.status == 400 && answer.says(code, message), "\(answer.body)")
            #expect(try await caller.send(.get, "/api/v3/allOrders", "symbol=BTCUSDT").body == "[]")
        }
    }

    @Test("A client order id may be used again only when the order that had it is done")
    func clientOrderIDs() async throws {
        try await Self.run { caller in
            let waiting = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=1000&newClientOrderId=twice"
            #expect(try await caller.send(.post, "/api/v3/order", waiting).status == 200)
            #expect(try await caller.send(.post, "/api/v3/order", waiting).says(-2010, "Duplicate order sent."))
            #expect(try await caller.send(.delete, "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=twice").status == 200)
            #expect(try await caller.send(.post, "/api/v3/order", waiting).status == 200)
            let mismatch = try await caller.send(.get, "/api/v3/order", "symbol=BTCUSDT&orderId=1&origClientOrderId=other")
            #expect(mismatch.says(-2013, "Order does not exist."))
        }
    }

    @Test("Orders of one account do not exist for another")
    func accountsAreApart() async throws {
        try await Self.run { caller in
            let placed = try await caller.send(.post, "/api/v3/order", Self.market + "&newClientOrderId=mine")
            #expect(placed.status == 200)
            let sandbox = RunningSandbox(exchange: caller.exchange, baseURL: "")
            let other = try await sandbox.account([:])
            let secret = KeyVault.randomText()
            let key = try caller.exchange.vault.register(hmac: secret, account: other, rights: APIKey.Rights(canTrade: true), label: "")
            try await caller.exchange.transact { try $0.transaction.add(key, at: 0) }
            let stranger = Caller(client: caller.client, apiKey: key.apiKey, secret: secret, account: other, exchange: caller.exchange)
            #expect(try await stranger.send(.get, "/api/v3/order", "symbol=BTCUSDT&orderId=1").says(-2013, "Order does not exist."))
            #expect(try await stranger.send(.get, "/api/v3/myTrades", "symbol=BTCUSDT").body == "[]")
            #expect(try await stranger.send(.delete, "/api/v3/order", "symbol=BTCUSDT&orderId=1").says(-2011, "Unknown order sent."))
        }
    }

    @Test("Weights are counted and shown; over the limit comes 429 with Retry-After")
    func weights() async throws {
        try await Self.run(SandboxConfiguration(weightPerMinute: 20)) { caller in
            #expect(try await caller.raw(.get, "/api/v3/ping").header("X-MBX-USED-WEIGHT-1M") == "1")
            #expect(try await caller.raw(.get, "/api/v3/depth?symbol=BTCUSDT").header("X-MBX-USED-WEIGHT-1M") == "6")
            let refused = try await caller.raw(.get, "/api/v3/exchangeInfo")
            #expect(refused.status == 429 && refused.body.contains("current limit is 20 request weight per 1 MINUTE"))
            #expect(refused.header("Retry-After").flatMap { Int($0) } ?? 0 > 0)
        }
    }

    @Test("Order counts are shown, and too many orders are refused")
    func orderCounts() async throws {
        try await Self.run(SandboxConfiguration(ordersPerTenSeconds: 1)) { caller in
            let filled = try await caller.send(.post, "/api/v3/order", Self.market)
            #expect(filled.header("X-MBX-ORDER-COUNT-10S") == "0" && filled.header("X-MBX-ORDER-COUNT-1D") == "0")
            let waiting = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=1000"
            var answers: [Answer] = []
            for _ in 0..<3 { answers.append(try await caller.send(.post, "/api/v3/order", waiting)) }
            // Ten seconds may end between two of them.
            let refused = try #require(answers.first { $0.status == 429 })
            #expect(refused.says(-1015, "Too many new orders; current limit is 1 orders per 10 SECOND."))
        }
    }

    @Test(
        "Public endpoints take no foreign parameters",
        arguments: [
            ("/api/v3/time?x=1", -1101, "Too many parameters; expected '0' and received '1'."),
            ("/api/v3/klines?symbol=BTCUSDT", -1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed."),
            ("/api/v3/klines?symbol=BTCUSDT&interval=7m", -1120, "Invalid interval."),
            ("/api/v3/ticker/price?symbol=BTCUSDT&symbols=%5B%22ETHUSDT%22%5D", -1128, "Combination of optional parameters invalid."),
            ("/api/v3/exchangeInfo?symbol=NOPE", -1121, "Invalid symbol."),
        ])
    func publicErrors(uri: String, code: Int, message: String) async throws {
        try await Self.run { caller in
            let answer = try await caller.raw(.get, uri)
            #expect(answer.says(code, message), "\(answer.body)")
        }
    }

    @Test("The operator's pages need the operator's token")
    func operatorPages() async throws {
        try await Self.run { caller in
            let token = try #require(HTTPField.Name("X-Sandbox-Operator"))
            for value in ["", "wrong", RunningSandbox.operatorToken + "x"] {
                let response = try await caller.client.execute(uri: "/sandbox/v1/market", method: .get, headers: [token: value])
                #expect(response.status == .unauthorized)
            }
            let good = try await caller.client.execute(
                uri: "/sandbox/v1/market", method: .get, headers: [token: RunningSandbox.operatorToken])
            #expect(good.status == .ok)
            let revoked = try await caller.client.execute(
                uri: "/sandbox/v1/accounts/\(caller.account)/keys/\(caller.apiKey)", method: .delete,
                headers: [token: RunningSandbox.operatorToken])
            #expect(revoked.status == .ok)
            #expect(try await caller.send(.get, "/api/v3/account", "").says(-2015, "Invalid API-key, IP, or permissions for action."))
        }
    }
}
