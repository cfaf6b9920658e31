@testable import Exchange
import Testing

@Suite("Where an environment may trade")
struct ExchangePlaceTests {
    private static let sandboxes = ["https://127.0.0.1:7406", "https://localhost:7406/", "https://[::1]:7406", "https://sandbox-exchange:7400"]
    private static let testnets = ["https://testnet.binance.vision", "https://TESTNET.binance.vision:443"]
    private static let live = ["https://api.binance.com", "https://api-gcp.binance.com", "https://api1.binance.com/", "https://api4.binance.com:443"]

    @Test("Without real money: the sandbox and the test network", arguments: ["development", "staging"])
    func withoutMoney(environment: String) throws {
        for text in Self.sandboxes { #expect(try ExchangePlace(text, in: environment).kind == .sandbox) }
        for text in Self.testnets { #expect(try ExchangePlace(text, in: environment).kind == .testnet) }
        for text in Self.live {
            let error = try #require(throws: ExchangePlaceError.self) { try ExchangePlace(text, in: environment) }
            #expect("\(error)".contains(environment) && "\(error)".contains(".binance.com"))
        }
    }

    @Test("With it: Binance and nothing else")
    func production() throws {
        for text in Self.live { #expect(try ExchangePlace(text, in: "production").kind == .live) }
        for text in Self.sandboxes + Self.testnets { #expect(throws: ExchangePlaceError.self) { try ExchangePlace(text, in: "production") } }
    }

    @Test("Hosts that only look right are refused everywhere", arguments: [
        "https://api.binance.com.example.com", "https://api.binance.com@example.com", "https://example.com/api.binance.com",
        "https://example.com#api.binance.com", "https://example.com?api.binance.com", "https://api.binance.com:8443", "https://api.binance.com.",
        "https://api5.binance.com", "https://binance.com", "https://testnet.binance.vision.evil", "https://127.0.0.1.example.com",
        "https://127.0.0.1@example.com:1",
        "https://127.0.0.1\\@example.com", "https://localhost:1@example.com", "http://127.0.0.1:7406", "http://api.binance.com", "https://", "https://:443",
        "https://127.0.0.1:0", "https://127.0.0.1:99999", "https://127.0.0.1:", "https://127.0.0.1/api", "https://a b", "https://[::1", "https://[example.com]",
        "https://api.binance.com\n", "https://ａpi.binance.com", "https://10.0.0.1", "https://0x7f000001", "https://sandbox-exchange.example.com",
    ])
    func lookalikes(text: String) {
        for environment in ["development", "staging", "production"] {
            #expect(throws: ExchangePlaceError.self) { try ExchangePlace(text, in: environment) }
        }
    }

    @Test("What is connected to is what was checked")
    func rewritten() throws {
        #expect(try ExchangePlace("https://LOCALHOST:7406/", in: "development").baseURL == "https://localhost:7406")
        #expect(try ExchangePlace("https://[::1]:7406", in: "development").baseURL == "https://[::1]:7406")
        #expect(throws: ExchangePlaceError.notAllowed(host: "127.0.0.1", environment: "test")) { try ExchangePlace("https://127.0.0.1", in: "test") }
    }
}
