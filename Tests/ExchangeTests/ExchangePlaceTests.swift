@testable import Exchange
import Testing

@Suite("Where an environment may trade")
struct ExchangePlaceTests {
    private static let sandboxes = ["https://127.0.0.1:7406", "https://localhost:7406/", "https://[::1]:7406", "https://sandbox-exchange:7400"]
    private static let testnets = ["https://testnet.binance.vision", "https://TESTNET.binance.vision:443"]
    private static let demo = ["https://demo-api.binance.com", "https://demo-api.binance.com:443/"]
    private static let live = ["https://api.binance.com", "https://api-gcp.binance.com", "https://api1.binance.com/", "https://api4.binance.com:443"]

    @Test("Development has the sandbox and the test network, staging the demo mode, production Binance itself; none has another's")
    func kinds() throws {
        let places: [(kind: ExchangePlace.Kind, environment: String, texts: [String])] = [
            (.sandbox, "development", Self.sandboxes), (.testnet, "development", Self.testnets), (.demo, "staging", Self.demo),
            (.live, "production", Self.live),
        ]
        for place in places {
            for text in place.texts {
                #expect(try ExchangePlace(text, in: place.environment).kind == place.kind)
                for other in ["development", "staging", "production"] where other != place.environment {
                    let error = try #require(throws: ExchangePlaceError.self) { try ExchangePlace(text, in: other) }
                    #expect("\(error)".contains(other))
                }
            }
        }
    }

    @Test("Hosts that only look right are refused everywhere", arguments: [
        "https://api.binance.com.example.com", "https://api.binance.com@example.com", "https://example.com/api.binance.com",
        "https://example.com#api.binance.com", "https://example.com?api.binance.com", "https://api.binance.com:8443", "https://api.binance.com.",
        "https://api5.binance.com", "https://demo-api.binance.com.evil", "https://demo.binance.com", "https://demo-api.binance.com:8443", "https://binance.com", "https://testnet.binance.vision.evil", "https://127.0.0.1.example.com",
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
