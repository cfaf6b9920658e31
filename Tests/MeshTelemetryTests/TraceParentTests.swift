import Testing

@testable import MeshTelemetry

struct TraceParentTests {
    private static let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test("The specification's example is read and written again")
    func example() throws {
        let parent = try #require(TraceParent(Self.text))
        #expect(parent.traceID == 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c)
        #expect(parent.spanID == 0xb7ad_6b71_6920_3331)
        #expect(parent.isSampled)
        #expect(parent.header == Self.text)
        #expect(parent.traceIDText == "0af7651916cd43dd8448eb211c80319c")
        #expect(parent.spanIDText == "b7ad6b7169203331")
    }

    @Test(
        "What is not exactly as specified is nothing",
        arguments: [
            "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            // Upper case.
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            // Ids of zeros only.
            "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            // The forbidden version, and more than version 00 has.
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ", " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01", "0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g", "00-0af7651916cd43dd8448eb211c80319ż-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-" + String(repeating: "0", count: TraceParent.maximumBytes),
        ])
    func malformed(text: String) {
        #expect(TraceParent(text) == nil)
    }

    @Test("Of a later version the known fields are taken, and version 00 is written")
    func laterVersion() throws {
        let parent = try #require(TraceParent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-what-the-future-adds"))
        #expect(parent.header == Self.text)
        #expect(try #require(TraceParent("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")).isSampled == false)
    }

    @Test("What is written is read as the same, whatever the bits")
    func roundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        for bit in 0..<128 {
            let traceID = UInt128(1) << bit | UInt128(generator.next() & 0xff)
            let parent = try #require(TraceParent(traceID: traceID, spanID: generator.next() | 1, flags: UInt8(bit & 1)))
            #expect(TraceParent(parent.header) == parent)
        }
        #expect(TraceParent(traceID: 0, spanID: 1) == nil && TraceParent(traceID: 1, spanID: 0) == nil)
    }

    @Test("A trace begins unsampled with ids of its own; a span below has another id and the same flag")
    func making() throws {
        let root = TraceParent.makeRoot()
        #expect(root.traceID != 0 && root.spanID != 0 && !root.isSampled && root.traceID != TraceParent.makeRoot().traceID)
        let child = root.sampled(true).makeChild()
        #expect(child.traceID == root.traceID && child.spanID != root.spanID && child.spanID != 0 && child.isSampled)
        #expect(child.sampled(false).makeChild().isSampled == false)
        // Other flags stay as they came.
        #expect(try #require(TraceParent(traceID: 1, spanID: 2, flags: 3)).sampled(false).flags == 2)
    }

    @Test("a span's id has a letter: one of digits alone could pass for a payment card's number in a log")
    func spanID() {
        for (digits, letter) in [(0x9999_9999_9999_9999, 0xa), (0x0123_4567_8987_6543, 0xf00_0000), (0, 0xb000_0000_0000_0000)] as [(UInt64, UInt64)] {
            var draws = [digits, 0, digits, letter]
            #expect(TraceParent.spanID { draws.removeFirst() } == letter)
        }
        for digit in 0..<16 as Range<UInt64> {
            var draws = [digit << 20, 0xd]
            #expect(TraceParent.spanID { draws.removeFirst() } == (digit < 10 ? 0xd : digit << 20))
        }
    }
}
