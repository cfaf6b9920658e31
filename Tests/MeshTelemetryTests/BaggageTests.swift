import MeshTelemetry
import Testing

struct BaggageTests {
    @Test("The specification's examples are read, and what is known is written again")
    func examples() throws {
        let baggage = try #require(Baggage(["key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue"]))
        #expect(baggage.keys == ["key1", "key2", "key3"])
        #expect(baggage["key1"] == "value1" && baggage["key2"] == "value2" && baggage["key3"] == "value3")
        #expect(baggage.header == "key1=value1;property1;property2,key2=value2,key3=value3;propertyKey=propertyValue")
        #expect(try #require(Baggage(["userId=Am%C3%A9lie", "isProduction=false"]))["userId"] == "Amélie")
    }

    @Test("Any text can be a value")
    func values() throws {
        var baggage = Baggage()
        let text = "50 % of \"Zoë's\", a\\b; c=d\u{0}\n"
        baggage["note"] = text
        #expect(baggage["note"] == text)
        #expect(try #require(Baggage([baggage.header]))["note"] == text)
        #expect(baggage.header.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ",") })
        baggage["note"] = "other"
        #expect(baggage.keys == ["note"] && baggage["note"] == "other")
        baggage["note"] = nil
        #expect(baggage.isEmpty)
    }

    @Test("What could not be sent is not kept")
    func bounds() {
        var baggage = Baggage()
        baggage["no token"] = "x"
        baggage["long"] = String(repeating: "x", count: Baggage.maximumBytes)
        #expect(baggage.isEmpty)
        for index in 0...Baggage.maximumMembers { baggage["k\(index)"] = "v" }
        #expect(baggage.keys.count == Baggage.maximumMembers)
    }

    @Test(
        "Malformed lists are nothing",
        arguments: [
            [], [""], ["novalue"], ["=v"], ["a b=c"], ["a=b c"], ["a=\"b\""], ["a=b\\c"], ["a=%4"], ["a=%zz"], ["a=é"], ["a=1,,b=2"],
            ["a=b;p q"], ["a=b;=c"], ["a=" + String(repeating: "v", count: Baggage.maximumBytes)],
            [(0...Baggage.maximumMembers).map { "k\($0)=v" }.joined(separator: ",")],
        ])
    func malformed(headers: [String]) {
        #expect(Baggage(headers) == nil)
    }
}
