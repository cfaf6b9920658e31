import MeshMessages
import Testing

@Suite("What is not a message is refused, with the reason and the place")
struct RefusalTests {
    private func reason<Message: MeshMessage>(_ type: Message.Type, _ bytes: [UInt8]) -> MessageError.Reason? {
        do {
            _ = try Message(packed: bytes)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test(
        "Bytes that end inside a value",
        arguments: [
            [0x0a], [0x0a, 5], [0x0a, 5, 0x61], [0x80], [0x08], [0x08, 0x80], [0x15, 0, 0, 0], [0x11, 0, 0, 0, 0, 0, 0, 0],
            [0x0a, 0xff, 0xff, 0xff, 0x7f],
        ] as [[UInt8]])
    func truncated(bytes: [UInt8]) {
        // An unknown field for Empty: the wire format alone counts.
        #expect(reason(SampleV1.Empty.self, bytes) == .truncated)
    }

    @Test("Every cut of a whole message is refused or is a message itself")
    func everyCut() throws {
        let bytes = try Samples.scalars.packed()
        for count in 0..<bytes.count {
            let reason = reason(SampleV1.Scalars.self, Array(bytes[..<count]))
            #expect(reason == nil || reason == .truncated)
        }
    }

    @Test(
        "Tags that name no field",
        arguments: [
            [0x00, 0], [0x02, 0], [0x80, 0x80, 0x80, 0x80, 0x80, 1, 0], [0xf8, 0xff, 0xff, 0xff, 0x7f, 0],
            [0x88, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0],
        ] as [[UInt8]])
    func invalidTag(bytes: [UInt8]) {
        #expect(reason(SampleV1.Empty.self, bytes) == .invalidTag)
    }

    @Test("Varints that don't fit 64 bits")
    func malformedVarint() {
        #expect(reason(SampleV1.Scalars.self, [0x18] + [UInt8](repeating: 0xff, count: 10)) == .malformedVarint)
        #expect(reason(SampleV1.Scalars.self, [0x18] + [UInt8](repeating: 0xff, count: 9) + [2]) == .malformedVarint)
        // A length of more than 32 bits.
        #expect(reason(SampleV1.Leaf.self, [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 1]) == .malformedVarint)
    }

    @Test("Groups and wire types that don't exist, known field or not", arguments: [3, 4, 6, 7] as [UInt8])
    func wireTypes(type: UInt8) {
        #expect(reason(SampleV1.Empty.self, [0x08 | type, 0x0c]) == .unsupportedWireType)
        #expect(reason(SampleV1.Leaf.self, [0x08 | type, 0x0c]) == .wireTypeMismatch)
    }

    @Test("A field with another type than its wire type says")
    func wireTypeMismatch() {
        #expect(reason(SampleV1.Leaf.self, [0x08, 1]) == .wireTypeMismatch)
        #expect(reason(SampleV1.Scalars.self, [0x1a, 1, 1]) == .wireTypeMismatch)
        #expect(reason(SampleV1.Scalars.self, [0x0d, 0, 0, 0, 0]) == .wireTypeMismatch)
    }

    @Test(
        "Strings that are not UTF-8",
        arguments: [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]] as [[UInt8]])
    func invalidUTF8(text: [UInt8]) {
        #expect(reason(SampleV1.Leaf.self, [0x0a, UInt8(text.count)] + text) == .invalidUTF8)
    }

    @Test("Strings with a NUL, coming and going")
    func embeddedNUL() {
        #expect(reason(SampleV1.Leaf.self, [0x0a, 3, 0x61, 0, 0x62]) == .embeddedNUL)
        let error = #expect(throws: MessageError.self) { try SampleV1.Lists(stringValues: ["ok", "a\0b"]).packed() }
        #expect(error == MessageError(.embeddedNUL, in: "sample.v1.Lists", field: 14))
        #expect(throws: MessageError.self) { try SampleV1.Choice(value: .text("\0")).packed() }
    }

    @Test("An embedded message that stands twice")
    func duplicateMessage() throws {
        let once = try SampleV1.Scalars(leaf: SampleV1.Leaf(name: "a")).packed()
        #expect(reason(SampleV1.Scalars.self, once + once) == .duplicateField)
        let member = try SampleV1.Choice(value: .leaf(SampleV1.Leaf(name: "a"))).packed()
        #expect(reason(SampleV1.Choice.self, member + member) == .duplicateField)
    }

    @Test("Too deep, coming and going")
    func tooDeep() throws {
        #expect(throws: MessageError(.tooDeep, in: "sample.v1.Tree")) { try Samples.tree(depth: MessageLimits.maxDepth + 1).packed() }
        let inner = try Samples.tree(depth: MessageLimits.maxDepth).packed()
        #expect(reason(SampleV1.Tree.self, [0x12] + lengthPrefixed(inner)) == .tooDeep)
        // 10 000 levels: nothing may recurse that far.
        var levels: [UInt8] = []
        for _ in 0..<10_000 { levels = [0x12] + lengthPrefixed(levels) }
        #expect(reason(SampleV1.Tree.self, levels) == .tooDeep)
    }

    @Test("Too long, coming and going")
    func tooLong() {
        let payload = [UInt8](repeating: 1, count: MessageLimits.maxBytes)
        #expect(throws: MessageError(.tooLong, in: "mesh.v1.Request")) { try MeshV1.Request(payload: payload).packed() }
        #expect(reason(SampleV1.Empty.self, payload + [0]) == .tooLong)
    }

    @Test("Too many values, as fields and packed")
    func tooManyValues() {
        let fields = (0...MessageLimits.maxValues).flatMap { _ in [0x18, 1] as [UInt8] }
        #expect(reason(SampleV1.Lists.self, fields) == .tooManyValues)
        let packed = [UInt8](repeating: 1, count: MessageLimits.maxValues)
        #expect(reason(SampleV1.Lists.self, [0x1a] + lengthPrefixed(packed)) == .tooManyValues)
        #expect(reason(SampleV1.Lists.self, [0x1a] + lengthPrefixed(packed.dropLast(1))) == nil)
    }

    @Test("Too many unknown fields")
    func tooManyUnknownFields() {
        let field: [UInt8] = [0x78, 1]
        let most = (0..<MessageLimits.maxUnknownFields).flatMap { _ in field }
        #expect(reason(SampleV1.Leaf.self, most) == nil)
        #expect(reason(SampleV1.Leaf.self, most + field) == .tooManyUnknownFields)
    }

    @Test("Packed lists whose length holds no whole values")
    func brokenPackedList() {
        #expect(reason(SampleV1.Lists.self, [0x0a, 7, 0, 0, 0, 0, 0, 0, 0]) == .truncated)
        #expect(reason(SampleV1.Lists.self, [0x1a, 1, 0x80]) == .truncated)
        #expect(reason(SampleV1.Lists.self, [0x6a, 11] + [UInt8](repeating: 0x80, count: 11)) == .malformedVarint)
    }

    @Test("The error names the message and the field, not the content")
    func errorText() {
        let error = #expect(throws: MessageError.self) { try SampleV1.Tree(packed: [0x12, 3, 0x0a, 1, 0xff]) }
        #expect(error?.description == "sample.v1.Tree, field 1: invalidUTF8")
    }
}

/// A length and the bytes.
func lengthPrefixed(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var length = bytes.count
    var prefix: [UInt8] = []
    while length >= 0x80 {
        prefix.append(UInt8(length & 0x7f) | 0x80)
        length >>= 7
    }
    return prefix + [UInt8(length)] + bytes
}
