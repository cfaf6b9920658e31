import MeshMessages
import Testing

@Suite("A message comes back as it went")
struct RoundTripTests {
    private func check<Message: MeshMessage>(_ message: Message, _ location: SourceLocation = #_sourceLocation) throws {
        #expect(try Message(packed: message.packed()) == message, sourceLocation: location)
    }

    @Test("Every kind of single field")
    func scalars() throws {
        try check(Samples.scalars)
    }

    @Test("Every kind of list")
    func lists() throws {
        try check(Samples.lists)
    }

    @Test("Every member of a oneof, also when it holds its default", arguments: Samples.choices)
    func choices(choice: SampleV1.Choice) throws {
        try check(choice)
    }

    @Test("Fields whose names Swift or C reserve")
    func reservedNames() throws {
        try check(Samples.reserved)
    }

    @Test("The mesh's own messages")
    func meshMessages() throws {
        try check(Samples.request)
        try check(Samples.status)
        try check(MeshV1.Response(status: Samples.status, payload: [], trailers: [.init(key: "a", value: "b")]))
        try check(MeshV1.HealthCheckResponse(status: .notServing, reason: "draining"))
    }

    @Test("Empty messages take no bytes")
    func emptyMessages() throws {
        #expect(try SampleV1.Empty().packed() == [])
        #expect(try SampleV1.Scalars().packed() == [])
        #expect(try SampleV1.Lists().packed() == [])
        #expect(try SampleV1.Scalars(packed: []) == SampleV1.Scalars())
        #expect(try SampleV1.Choice(packed: []).value == nil)
    }

    @Test("An empty embedded message differs from none")
    func emptyEmbedded() throws {
        let present = SampleV1.Scalars(leaf: SampleV1.Leaf())
        #expect(try SampleV1.Scalars(packed: present.packed()).leaf != nil)
        #expect(try SampleV1.Scalars(packed: SampleV1.Scalars().packed()).leaf == nil)
    }

    @Test("Enum numbers without a name are kept", arguments: [99, -1, Int32.max, .min])
    func unknownEnumValue(number: Int32) throws {
        let message = SampleV1.Scalars(colour: .unrecognized(number), temperature: .unrecognized(number))
        let back = try SampleV1.Scalars(packed: message.packed())
        #expect(back.colour.rawValue == number)
        #expect(back == message)
    }

    @Test("A known enum number always comes back under its name")
    func knownEnumValue() throws {
        for colour in SampleV1.Colour.known {
            #expect(SampleV1.Colour(rawValue: colour.rawValue) == colour)
        }
        #expect(SampleV1.Temperature.freezing == .cold)
        #expect(SampleV1.Temperature(rawValue: 4) == ._4k)
    }

    @Test("Fields of a newer version are skipped")
    func unknownFields() throws {
        let newer = SampleV1.LeafPlus(name: "n", thirtyTwo: 1, sixtyFour: 2, varint: .max, data: [1, 2, 3])
        #expect(try SampleV1.Leaf(packed: newer.packed()) == SampleV1.Leaf(name: "n"))
    }

    @Test("Messages nest to the limit")
    func deepest() throws {
        try check(Samples.tree(depth: MessageLimits.maxDepth))
    }

    @Test("Of a single field that stands twice the last counts; of a oneof the last member")
    func lastWins() throws {
        let twice = try SampleV1.Leaf(name: "first").packed() + SampleV1.Leaf(name: "second").packed()
        #expect(try SampleV1.Leaf(packed: twice).name == "second")
        let members = try SampleV1.Choice(value: .text("text")).packed() + SampleV1.Choice(value: .number(5)).packed()
        #expect(try SampleV1.Choice(packed: members).value == .number(5))
    }

    @Test("Lists are read packed and unpacked, and joined from parts")
    func listForms() throws {
        // Field 3 (int32) unpacked twice, then packed; field 19 packed although declared unpacked.
        let bytes: [UInt8] = [0x18, 1, 0x18, 2, 0x1a, 2, 3, 4, 0x9a, 1, 1, 9]
        let lists = try SampleV1.Lists(packed: bytes)
        #expect(lists.int32Values == [1, 2, 3, 4])
        #expect(lists.unpackedValues == [9])
    }

    @Test("Large messages, far beyond the first block of memory")
    func large() throws {
        try check(MeshV1.Request(payload: [UInt8](repeating: 7, count: 3 << 20)))
        try check(SampleV1.Lists(stringValues: (0..<10_000).map { "value \($0)" }))
    }

    @Test("Packing into the caller's memory writes exactly the size it told")
    func preparedMessage() throws {
        let expected = try Samples.lists.packed()
        let written: [UInt8] = try Samples.lists.withPrepared { prepared in
            var room = [UInt8](repeating: 0xaa, count: prepared.byteCount + 8)
            let count = room.withUnsafeMutableBytes { prepared.write(to: $0) }
            #expect(count == prepared.byteCount)
            #expect(room[count...].allSatisfy { $0 == 0xaa })
            return Array(room[..<count])
        }
        #expect(written == expected)
    }

    @Test("Memory that one message used shows nothing of it to the next")
    func noLeftovers() throws {
        let full = try Samples.lists.packed() + Samples.lists.packed()
        for _ in 0..<200 {
            #expect(try SampleV1.Lists(packed: full).stringValues.count == 6)
            #expect(try SampleV1.Lists(packed: []) == SampleV1.Lists())
            #expect(try SampleV1.Choice(packed: [0x0a, 1, 0x61]) == SampleV1.Choice(before: "a"))
        }
    }
}
