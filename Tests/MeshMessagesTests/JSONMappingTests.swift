import MeshMessages
import Testing

@Suite("Messages as JSON")
struct JSONMappingTests {
    private static func packed<Message: MeshMessage>(_ json: String, as type: Message.Type) throws -> Message {
        try Message(packed: Message.layout.packed(json: json))
    }

    private static func json(_ message: some MeshMessage, _ options: MessageJSONOptions = .init()) throws -> String {
        try type(of: message).layout.json(message.packed(), options)
    }

    private func check<Message: MeshMessage>(_ message: Message, _ json: String) throws {
        #expect(try Self.json(message) == json)
        #expect(try Self.packed(json, as: Message.self) == message)
    }

    // MARK: - Written, and read back

    @Test("Every kind of single field")
    func scalars() throws {
        try check(
            Samples.scalars,
            #"{"doubleValue":-1.5,"floatValue":0.25,"int32Value":-2147483648,"int64Value":"-9223372036854775808","uint32Value":4294967295,"#
                + #""uint64Value":"18446744073709551615","sint32Value":-77,"sint64Value":"-9223372036854775808","fixed32Value":4294967295,"#
                + #""fixed64Value":"9223372036854775808","sfixed32Value":-1,"sfixed64Value":"-9223372036854775808","boolValue":true,"#
                + #""stringValue":"Grüße, 世界 🪙","bytesValue":"AAH/AA==","colour":"COLOUR_DARK_BLUE","temperature":"TEMPERATURE_COLD","#
                + #""leaf":{"name":"leaf"}}"#)
    }

    @Test("Every kind of list")
    func lists() throws {
        try check(
            Samples.lists,
            #"{"doubleValues":[0.0,-2.5],"floatValues":[0.5,0.0],"int32Values":[0,-1,2147483647],"int64Values":["-9223372036854775808","0"],"#
                + #""uint32Values":[300],"uint64Values":["18446744073709551615","1"],"sint32Values":[-1,1],"#
                + #""sint64Values":["-9223372036854775808","9223372036854775807"],"fixed32Values":[1,2],"#
                + #""fixed64Values":["18446744073709551615"],"sfixed32Values":[-3],"sfixed64Values":["-4","4"],"boolValues":[true,false,true],"#
                + #""stringValues":["","a","ß"],"bytesValues":["","AA==","AQI="],"colours":["COLOUR_RED","COLOUR_UNSPECIFIED",99],"#
                + #""temperatures":["TEMPERATURE_COLD",-9],"leaves":[{},{"name":"x"}],"unpackedValues":[7,-7]}"#)
    }

    @Test("Every member of a oneof, also when it holds its default", arguments: Samples.choices)
    func choices(choice: SampleV1.Choice) throws {
        #expect(try Self.packed(Self.json(choice), as: SampleV1.Choice.self) == choice)
    }

    @Test("Names with underscores in front and inside, and names that Swift reserves")
    func names() throws {
        try check(SampleV1.TypeMessage(initField: "i", _private: "p"), #"{"init":"i","Private":"p"}"#)
        #expect(try Self.packed(Self.json(Samples.reserved), as: SampleV1.TypeMessage.self) == Samples.reserved)
    }

    @Test("The mesh's own messages, and one that holds itself")
    func otherMessages() throws {
        #expect(try Self.packed(Self.json(Samples.request), as: MeshV1.Request.self) == Samples.request)
        #expect(try Self.packed(Self.json(Samples.tree(depth: 32)), as: SampleV1.Tree.self) == Samples.tree(depth: 32))
        try check(SampleV1.Empty(), "{}")
    }

    @Test("Texts with everything that JSON escapes")
    func escapes() throws {
        let text = String(String.UnicodeScalarView((1...0x2fff).compactMap(Unicode.Scalar.init))) + "🪙\u{10ffff}"
        #expect(try Self.packed(Self.json(SampleV1.Leaf(name: text)), as: SampleV1.Leaf.self).name == text)
        #expect(try Self.json(SampleV1.Leaf(name: "\"\\\u{1}\n\u{7f}")) == #"{"name":"\"\\\u0001\n\u007f"}"#)
        let read = try Self.packed(#"{"name":"\" \\ \/ \b\f\n\r\t é 🪙"}"#, as: SampleV1.Leaf.self)
        #expect(read.name == "\" \\ / \u{8}\u{c}\n\r\t é 🪙")
    }

    @Test("What a terminal would obey is escaped, in one line or several; what stands beside it in Unicode is not")
    func terminalControls() throws {
        let (written, json) = ("\u{1b}[2J\u{80}\u{9b}31m\u{9f}\u{202a}\u{202e}\u{2066}\u{2069}", #"\u001b[2J\u0080\u009b31m\u009f\u202a\u202e\u2066\u2069"#)
        try check(SampleV1.Leaf(name: written), "{\"name\":\"\(json)\"}")
        #expect(try Self.json(SampleV1.Leaf(name: written), .init(isIndented: true)) == "{\n  \"name\": \"\(json)\"\n}")
        let harmless = "\u{a0}\u{2029}\u{202f}\u{2065}\u{206a}\u{80a}é\u{1f99b}\u{c2}"
        try check(SampleV1.Leaf(name: harmless), "{\"name\":\"\(harmless)\"}")
    }

    @Test("Defaults when asked for, and line breaks")
    func options() throws {
        #expect(try Self.json(SampleV1.Choice(), .init(includesDefaults: true)) == #"{"before":""}"#)
        let lists = try Self.json(SampleV1.Lists(), .init(includesDefaults: true))
        #expect(lists.hasPrefix(#"{"doubleValues":[],"floatValues":[],"#))
        let scalars = try Self.json(SampleV1.Scalars(), .init(includesDefaults: true))
        #expect(scalars.contains(#""int64Value":"0""#) && scalars.contains(#""colour":"COLOUR_UNSPECIFIED""#) && !scalars.contains("leaf"))
        let tree = SampleV1.Tree(name: "t", children: [SampleV1.Tree(), SampleV1.Tree(name: "c")])
        #expect(
            try Self.json(tree, .init(isIndented: true))
                == "{\n  \"name\": \"t\",\n  \"children\": [\n    {},\n    {\n      \"name\": \"c\"\n    }\n  ]\n}")
    }

    @Test("Fields of a newer version are left out; of a field that stands twice the last counts")
    func unknownAndRepeatedFields() throws {
        let newer = SampleV1.LeafPlus(name: "n", thirtyTwo: 1, sixtyFour: 2, varint: 3, data: [4])
        #expect(try SampleV1.Leaf.layout.json(newer.packed()) == #"{"name":"n"}"#)
        let twice = try SampleV1.Choice(value: .text("a")).packed() + SampleV1.Choice(value: .number(5)).packed()
        #expect(try SampleV1.Choice.layout.json(twice) == #"{"number":"5"}"#)
        #expect(try SampleV1.Lists.layout.json([0x18, 1, 0x1a, 2, 3, 4, 0x9a, 1, 1, 9]) == #"{"int32Values":[1,3,4],"unpackedValues":[9]}"#)
    }

    @Test("Bytes that are no message are refused as unpacking refuses them")
    func malformedBytes() throws {
        #expect(throws: MessageError(.truncated, in: "sample.v1.Leaf", field: 1)) { try SampleV1.Leaf.layout.json([0x0a, 5]) }
        #expect(throws: MessageError.self) { try SampleV1.Leaf.layout.json([0x0a, 1, 0xff]) }
        #expect(throws: MessageError.self) {
            let levels = (0..<MessageLimits.maxDepth).reduce(into: [UInt8]()) { inner, _ in inner = [0x12, UInt8(inner.count)] + inner }
            _ = try SampleV1.Tree.layout.json(levels)
        }
    }

    // MARK: - Other ways to write the same

    @Test(
        "Both names, numbers as strings and with exponents, null for the default",
        arguments: [
            (#"{"int32_value":7}"#, SampleV1.Scalars(int32Value: 7)), (#"{"int32Value":"-7"}"#, .init(int32Value: -7)),
            (#"{"int64Value":9007199254740993}"#, .init(int64Value: 9_007_199_254_740_993)),
            (#"{"uint64Value":18446744073709551615}"#, .init(uint64Value: .max)), (#"{"int32Value":1.50e2}"#, .init(int32Value: 150)),
            (#"{"int32Value":100.000}"#, .init(int32Value: 100)), (#"{"int32Value":-0}"#, .init()), (#"{"uint32Value":-0.0}"#, .init()),
            (#"{"int32Value":2147483647e-0}"#, .init(int32Value: .max)),
            (#"{"int64Value":0e999999999}"#, .init()), (#"{"int64Value":1000e-3}"#, .init(int64Value: 1)),
            (#"{"doubleValue":"1e3"}"#, .init(doubleValue: 1000)), (#"{"doubleValue":5e-324}"#, .init(doubleValue: .leastNonzeroMagnitude)),
            (#"{"doubleValue":1e-400}"#, .init()), (#"{"doubleValue":1.7976931348623157e308}"#, .init(doubleValue: .greatestFiniteMagnitude)),
            (#"{"floatValue":"Infinity","doubleValue":"-Infinity"}"#, .init(doubleValue: -.infinity, floatValue: .infinity)),
            (#"{"floatValue":3.4028235e38}"#, .init(floatValue: .greatestFiniteMagnitude)),
            (#"{"colour":2,"temperature":"TEMPERATURE_FREEZING"}"#, .init(colour: .darkBlue, temperature: .cold)),
            (#"{"colour":77}"#, .init(colour: .unrecognized(77))), (#"{"temperature":-5}"#, .init(temperature: .cold)),
            (#"{"bytesValue":"_-8"}"#, .init(bytesValue: [0xff, 0xef])), (#"{"bytesValue":"/+8="}"#, .init(bytesValue: [0xff, 0xef])),
            (#"{"bytesValue":"-_"}"#, .init(bytesValue: [0xfb])), (#"{"bytesValue":""}"#, .init()),
            (#"{"int32Value":null,"leaf":null,"colour":null,"stringValue":null}"#, .init()), (#"{"leaf":{}}"#, .init(leaf: .init())),
            (" {\n\"boolValue\" :\ttrue } \r\n", .init(boolValue: true)),
        ])
    func variants(json: String, expected: SampleV1.Scalars) throws {
        #expect(try Self.packed(json, as: SampleV1.Scalars.self) == expected)
    }

    @Test("NaN is one, and -0 keeps its sign on the wire")
    func specialNumbers() throws {
        #expect(try Self.packed(#"{"doubleValue":"NaN"}"#, as: SampleV1.Scalars.self).doubleValue.isNaN)
        #expect(try SampleV1.Scalars.layout.json(SampleV1.Scalars(doubleValue: .nan).packed()) == #"{"doubleValue":"NaN"}"#)
        #expect(try SampleV1.Scalars.layout.packed(json: #"{"doubleValue":-0.0}"#) == [9, 0, 0, 0, 0, 0, 0, 0, 0x80])
    }

    @Test("Null lists are empty, and a null beside a member of its oneof counts for nothing")
    func nulls() throws {
        #expect(try Self.packed(#"{"leaves":null,"int32Values":[]}"#, as: SampleV1.Lists.self) == SampleV1.Lists())
        #expect(try Self.packed(#"{"text":null,"number":"5"}"#, as: SampleV1.Choice.self) == SampleV1.Choice(value: .number(5)))
    }

    @Test("What the layouts say of themselves")
    func layouts() throws {
        let fields = SampleV1.Choice.layout.fields
        #expect(SampleV1.Choice.layout.fullName == "sample.v1.Choice")
        #expect(fields.map(\.name).prefix(3) == ["before", "text", "data"] && fields.map(\.number) == Array(1...11))
        #expect(fields[0].oneof == nil && fields[1].oneof != nil && fields[1].oneof == fields[8].oneof && fields[1].oneof != fields[9].oneof)
        let kinds = SampleV1.Scalars.layout.fields.compactMap { $0.kind?.description }
        #expect(kinds.suffix(5) == ["string", "bytes", "sample.v1.Colour", "sample.v1.Temperature", "sample.v1.Leaf"])
        #expect(kinds.prefix(4) == ["double", "float", "int32", "int64"])
        #expect(SampleV1.Lists.layout.fields.allSatisfy(\.isRepeated) && SampleV1.Lists.layout.fields[0].jsonName == "doubleValues")
    }
}
