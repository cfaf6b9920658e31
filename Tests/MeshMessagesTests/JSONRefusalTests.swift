import MeshMessages
import Testing

@Suite("JSON that is refused, and what it says")
struct JSONRefusalTests {
    struct Case: CustomTestStringConvertible {
        var json: String
        var reason: MessageJSONError.Reason
        var says: String

        init(_ json: String, _ reason: MessageJSONError.Reason, _ says: String = "") {
            (self.json, self.reason, self.says) = (json, reason, says)
        }

        var testDescription: String { json }
    }

    private func check(_ example: Case, _ layout: MessageLayout) {
        let error = #expect(throws: MessageJSONError.self) { try layout.packed(json: example.json) }
        #expect(error?.reason == example.reason && error?.description.contains(example.says) == true, "\(error.map(\.description) ?? "nothing")")
    }

    @Test(
        "Not JSON",
        arguments: [
            Case("", .syntax, "line 1, byte 1: the text ends where a value should be"), Case("{", .syntax), Case("{}x", .syntax, "line 1, byte 3"),
            Case("{\n\"a\n\":1}", .syntax, "line 2, byte 3"), Case("{\"int32Value\":01}", .syntax), Case("{\"int32Value\":+1}", .syntax),
            Case("{\"int32Value\":1.}", .syntax), Case("{\"int32Value\":.5}", .syntax), Case("{\"int32Value\":1e}", .syntax),
            Case("{\"int32Value\":0x10}", .syntax), Case("{\"doubleValue\":NaN}", .syntax), Case("{\"doubleValue\":-Infinity}", .syntax),
            Case("{'a':1}", .syntax, "expected a name in quotes"), Case("{\"int32Value\":1,}", .syntax), Case("{,}", .syntax),
            Case("{\"int32Value\" 1}", .syntax, "':'"), Case("{\"boolValue\":tru}", .syntax), Case("// a\n{}", .syntax),
            Case(#"{"int32Value":1,"int32Value":2}"#, .syntax, #""int32Value" stands twice in one object"#),
            Case(#"{"int32Value":1,"int32\u0056alue":2}"#, .syntax, "stands twice"), Case(#"{"stringValue":"\x"}"#, .syntax),
            Case(#"{"stringValue":"\ud800"}"#, .syntax, "half of a surrogate pair"), Case(#"{"stringValue":"\udc00\ud800"}"#, .syntax),
            Case(#"{"stringValue":"\ud83e\u0041"}"#, .syntax), Case(#"{"stringValue":"\u12"}"#, .syntax), Case("\u{feff}{}", .syntax),
            Case("{\"stringValue\":\"\t\"}", .syntax),
        ])
    func syntax(example: Case) {
        check(example, SampleV1.Scalars.layout)
    }

    @Test(
        "Not the message",
        arguments: [
            Case("[]", .wrongType, "expected an object, found an array"), Case("null", .wrongType), Case("7", .wrongType),
            Case(#"{"colour_":1}"#, .unknownField, #"sample.v1.Scalars has no field "colour_"; it has doubleValue, floatValue, int32Value"#),
            Case(#"{"leaf":{"nam":"x"}}"#, .unknownField, #"leaf: sample.v1.Leaf has no field "nam"; it has name"#),
            Case(#"{"int32Value":1,"int32_value":1}"#, .conflictingFields, #""int32Value" is given under both its names"#),
            Case(#"{"int32Value":2147483648}"#, .outOfRange, "int32Value: outside of -2147483648…2147483647"),
            Case(#"{"int32Value":-2147483649}"#, .outOfRange), Case(#"{"sint32Value":"-2147483649"}"#, .outOfRange),
            Case(#"{"uint32Value":-1}"#, .outOfRange), Case(#"{"uint64Value":-1}"#, .outOfRange),
            Case(#"{"uint64Value":18446744073709551616}"#, .outOfRange, "uint64Value: outside of 0…18446744073709551615"),
            Case(#"{"int64Value":9223372036854775808}"#, .outOfRange), Case(#"{"int64Value":-9223372036854775809}"#, .outOfRange),
            Case(#"{"int64Value":1e20}"#, .outOfRange), Case(#"{"int64Value":1e999999999999}"#, .outOfRange),
            Case(#"{"int32Value":1.5}"#, .wrongType, "int32Value: expected an integer, found a number with a fraction"),
            Case(#"{"int32Value":1e-1}"#, .wrongType), Case(#"{"int32Value":" 1"}"#, .wrongType), Case(#"{"int32Value":""}"#, .wrongType),
            Case(#"{"int32Value":"NaN"}"#, .wrongType), Case(#"{"int32Value":true}"#, .wrongType, "found a boolean"),
            Case(#"{"doubleValue":1e309}"#, .outOfRange), Case(#"{"floatValue":3.5e38}"#, .outOfRange, "floatValue: outside of"),
            Case(#"{"floatValue":"inf"}"#, .wrongType), Case(#"{"doubleValue":"0x1p3"}"#, .wrongType), Case(#"{"doubleValue":"nan"}"#, .wrongType),
            Case(#"{"boolValue":"true"}"#, .wrongType), Case(#"{"boolValue":1}"#, .wrongType), Case(#"{"stringValue":1}"#, .wrongType),
            Case(#"{"stringValue":"a\u0000"}"#, .embeddedNUL, "stringValue"), Case(#"{"bytesValue":"a"}"#, .invalidBase64),
            Case(#"{"bytesValue":"AA=A"}"#, .invalidBase64), Case(#"{"bytesValue":"AA="}"#, .invalidBase64),
            Case(#"{"bytesValue":"===="}"#, .invalidBase64), Case(#"{"bytesValue":"A A="}"#, .invalidBase64), Case(#"{"bytesValue":1}"#, .wrongType),
            Case(#"{"colour":"RED"}"#, .unknownEnumValue, #"sample.v1.Colour has no "RED"; it has COLOUR_UNSPECIFIED, COLOUR_RED"#),
            Case(#"{"colour":2147483648}"#, .outOfRange), Case(#"{"colour":1.5}"#, .wrongType), Case(#"{"colour":[]}"#, .wrongType),
            Case(#"{"leaf":[]}"#, .wrongType, "leaf: expected an object, found an array"), Case(#"{"int32Value":[1]}"#, .wrongType),
        ])
    func message(example: Case) {
        check(example, SampleV1.Scalars.layout)
    }

    @Test("The path leads to the element")
    func paths() {
        check(Case(#"{"leaves":[{},{"name":1}]}"#, .wrongType, "leaves[1].name: expected a string, found a number"), SampleV1.Lists.layout)
        check(Case(#"{"int32Values":[1,null]}"#, .wrongType, "int32Values[1]: null can't stand in a list"), SampleV1.Lists.layout)
        check(Case(#"{"uint32Values":[1,2,-3]}"#, .outOfRange, "uint32Values[2]: outside of"), SampleV1.Lists.layout)
        check(Case(#"{"boolValues":true}"#, .wrongType, "boolValues: expected an array"), SampleV1.Lists.layout)
        check(Case(#"{"children":[{"children":[{"x":0}]}]}"#, .unknownField, "children[0].children[0]: sample.v1.Tree has no"), SampleV1.Tree.layout)
        check(Case(#"{"x":1}"#, .unknownField, "it has no fields"), SampleV1.Empty.layout)
    }

    @Test("Two members of one oneof")
    func oneof() {
        check(Case(#"{"text":"a","data":""}"#, .conflictingFields, "only one of text, data, leaf"), SampleV1.Choice.layout)
    }

    @Test("Bytes that are no UTF-8")
    func invalidUTF8() {
        let error = #expect(throws: MessageJSONError.self) { try SampleV1.Leaf.layout.packed(json: Array(#"{"name":""#.utf8) + [0xff, 0x22, 0x7d]) }
        #expect(error?.reason == .syntax)
    }

    // MARK: - Limits

    @Test("Brackets beyond the limit, of messages and of anything else, also where they are never closed")
    func depth() throws {
        let deep = MessageLimits.maxDepth
        _ = try SampleV1.Tree.layout.packed(json: tree(depth: deep))
        check(Case(tree(depth: deep + 1), .limit), SampleV1.Tree.layout)
        for bracket in ["[", #"{"a":"#] { check(Case(String(repeating: bracket, count: 1_000_000), .limit, "levels of brackets"), SampleV1.Tree.layout) }
    }

    private func tree(depth: Int) -> String {
        String(repeating: #"{"children":["#, count: depth - 1) + "{}" + String(repeating: "]}", count: depth - 1)
    }

    @Test("More values than one message may have, before and after packing")
    func values() throws {
        let most = MessageLimits.maxValues
        func list(_ count: Int) -> String { "{\"boolValues\":[" + Array(repeating: "true", count: count).joined(separator: ",") + "]}" }
        _ = try SampleV1.Lists.layout.packed(json: list(most - 1))
        check(Case(list(most + 1), .limit, "tooManyValues"), SampleV1.Lists.layout)
        check(Case(list(MessageLimits.maxJSONValues + 1), .limit, "values"), SampleV1.Lists.layout)
    }

    @Test("Texts, messages and numbers that are too long")
    func length() {
        check(Case(String(repeating: " ", count: MessageLimits.maxJSONBytes + 1), .limit, "bytes of JSON"), SampleV1.Leaf.layout)
        let long = String(repeating: "a", count: MessageLimits.maxBytes)
        check(Case("{\"name\":\"\(long)\"}", .limit, "tooLong"), SampleV1.Leaf.layout)
        check(Case("{\"doubleValue\":0.\(String(repeating: "1", count: 2_000))}", .limit, "a number of more than"), SampleV1.Scalars.layout)
    }

    @Test("A text that defaults would blow up")
    func output() throws {
        // A list of as many empty trees as go into a message; each would be written with its defaults.
        let trees = [UInt8](repeating: 0, count: 2 * (MessageLimits.maxValues - 1)).enumerated().map { $0 % 2 == 0 ? 0x12 : $1 }
        let text = try SampleV1.Tree.layout.json(trees, .init(includesDefaults: true, isIndented: true))
        #expect(text.utf8.count < MessageLimits.maxJSONBytes)
        // Many of a character that takes six bytes.
        let escaped = try SampleV1.Leaf(name: String(repeating: "\u{1}", count: MessageLimits.maxBytes / 8)).packed()
        #expect(try SampleV1.Leaf.layout.packed(json: SampleV1.Leaf.layout.json(escaped)) == escaped)
    }
}
