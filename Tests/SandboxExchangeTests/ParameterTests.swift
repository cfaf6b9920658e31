import Testing
import Trading

@testable import SandboxExchange

@Suite("Request parameters")
struct ParameterTests {
    @Test("The signed payload is query and body as received, without the signature, wherever that stands")
    func signedPayload() throws {
        #expect(try SentParameters(query: "b=2&a=1&signature=x", body: "").signedPayload == "b=2&a=1")
        #expect(try SentParameters(query: "", body: "signature=x&z=%2F&a=+1").signedPayload == "z=%2F&a=+1")
        #expect(
            try SentParameters(query: "symbol=X&side=BUY", body: "quantity=1&signature=y").signedPayload == "symbol=X&side=BUYquantity=1")
    }

    @Test("Values are decoded; the query wins over the body; a signature keeps its plus signs")
    func values() throws {
        let sent = try SentParameters(query: "a=%5B%22X%22%5D&b=1+2", body: "b=9&c=%zz&signature=a+b%2Bc%3D")
        #expect(sent.values == ["a": #"["X"]"#, "b": "1 2", "c": "%zz", "signature": "a+b+c="])
    }

    @Test("A name twice in one place is refused, and so are too many")
    func duplicates() {
        #expect(throws: ExchangeFault.duplicateValues) { try SentParameters(query: "a=1&a=2", body: "") }
        #expect(throws: ExchangeFault.tooManyParameters) {
            try SentParameters(query: (0..<61).map { "p\($0)=1" }.joined(separator: "&"), body: "")
        }
    }

    @Test(
        "Decimals: what is not one is -1100, more than eight digits after the point is -1111",
        arguments: [
            ("1", nil), ("0.00000001", nil), ("1.000000000000", nil), ("1e3", -1100), ("-1", -1100), ("+1", -1100), (".5", -1100),
            ("1.", -1100),
            ("１", -1100), ("NaN", -1100), ("0.000000001", -1111), ("", -1105), ("123456789012345678901", -1100),
        ] as [(String, Int?)])
    func decimals(text: String, code: Int?) {
        let reader = ParameterReader(values: ["quantity": text])
        if let code {
            let fault = #expect(throws: ExchangeFault.self) { try reader.decimal("quantity") }
            #expect(fault?.code == code)
        } else {
            #expect(throws: Never.self) { try reader.decimal("quantity") }
        }
    }

    @Test(
        "Symbols are an array of JSON strings",
        arguments: [
            (#"["BTCUSDT","ETHUSDT"]"#, ["BTCUSDT", "ETHUSDT"]), (#"["BTCUSDT"]"#, ["BTCUSDT"]), ("BTCUSDT", nil), ("[BTCUSDT]", nil),
            ("[]", nil),
            (#"["BTCUSDT","BTCUSDT"]"#, nil), (#"["btc"]"#, nil), (#"[""]"#, nil),
        ] as [(String, [String]?)])
    func symbols(text: String, expected: [String]?) {
        #expect((try? ParameterReader(values: ["symbols": text]).symbols()) == expected)
    }

    @Test(
        "A timestamp counts from 5 seconds ago, unless told otherwise, to 1 second ahead",
        arguments: [
            (-5000, nil, nil), (-5001, nil, "outside of the recvWindow"), (999, nil, nil), (1000, nil, "1000ms ahead"), (-100, "100", nil),
            (-101, "100", "outside of the recvWindow"), (-59_999, "60000", nil), (0, "60001", "Cannot be greater than '60000'"),
            (0, "x", "Illegal"),
        ] as [(Int64, String?, String?)])
    func timing(offset: Int64, window: String?, refusal: String?) {
        let now: Int64 = 1_790_000_000_000
        var values = ["timestamp": "\(now + offset)"]
        values["recvWindow"] = window
        check(values, now: now * 1000, refusal)
    }

    @Test(
        "Microseconds, and windows with three digits after the point, are exact",
        arguments: [
            ("1790000000000000", "0.5", 500, nil), ("1790000000000000", "0.5", 501, "outside"), ("1790000000000000", "1.234", 1234, nil),
            ("1790000000000000", "1.234", 1235, "outside"), ("1790000000000000", "1.2345", 0, "Illegal"),
        ] as [(String, String, Int64, String?)])
    func microseconds(timestamp: String, window: String, later: Int64, refusal: String?) {
        check(["timestamp": timestamp, "recvWindow": window], now: 1_790_000_000_000_000 + later, refusal)
    }

    private func check(_ values: [String: String], now: Int64, _ refusal: String?) {
        do {
            try RequestTiming(ParameterReader(values: values)).check(now: now)
            #expect(refusal == nil)
        } catch let fault as ExchangeFault {
            #expect(refusal.map { fault.message.contains($0) } == true, "\(fault.message)")
        } catch {
            Issue.record("\(error)")
        }
    }
}
