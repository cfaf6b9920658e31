import MeshWire
import Testing

struct FrameSplitterTests {
    private let frames = [
        Frame(.request, 1, .remoteClosed, Array("first".utf8)), Frame(.data, 1), Frame(.data, 1, .more, Array(repeating: 9, count: 3000)),
        Frame(.response, 3, [], [0]), Frame(.data, 1, [.remoteClosed, .noData]), Frame(.ping, 0, [], Array(1...8)),
    ]
    private var bytes: [UInt8] { frames.flatMap(\.encoded) }

    @Test(
        "frames that come together are the same as frames that come in pieces of any size",
        arguments: [1, 2, 3, 7, 9, 10, 11, 64, 1000, 100_000])
    func pieces(size: Int) throws {
        var splitter = FrameSplitter(mode: .mesh, settings: .default)
        var seen: [Frame] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            seen += try splitter.frames(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(seen == frames)
        #expect(!splitter.holdsPartialFrame)
        #expect(splitter.framesSeen == frames.count)
    }

    @Test("random pieces, a thousand times")
    func randomPieces() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<1000 {
            var splitter = FrameSplitter(mode: .mesh, settings: .default)
            var seen: [Frame] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let size = Int.random(in: 0...min(rest.count, 40), using: &generator)
                seen += try splitter.frames(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(seen == frames)
        }
    }

    @Test("an unfinished frame is held, header or data")
    func partial() throws {
        var splitter = FrameSplitter(mode: .mesh, settings: .default)
        #expect(try splitter.frames(Array(bytes.prefix(4))) == [])
        #expect(splitter.holdsPartialFrame)
        #expect(try splitter.frames(Array(bytes[4..<12])) == [])
        #expect(splitter.holdsPartialFrame)
    }

    @Test("a length whose first byte is not zero ends the connection", arguments: [WireMode.baseline, .mesh])
    func hugeLength(mode: WireMode) {
        var splitter = FrameSplitter(mode: mode, settings: .default)
        #expect(throws: ConnectionFailure.self) { try splitter.frames(Array("GET / HTTP/1.1\r\n".utf8)) }
    }

    @Test("baseline: a frame above 4 MiB is reported and skipped, in pieces too", arguments: [1000, 1 << 20, 6 << 20])
    func oversizedBaseline(size: Int) throws {
        let header = FrameHeader(length: (4 << 20) + 1, streamID: 5, type: .request)
        let bytes = header.encoded + Array(repeating: 1, count: (4 << 20) + 1) + frames[0].encoded
        var splitter = FrameSplitter(mode: .baseline, settings: .default)
        var seen: [Frame] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            seen += try splitter.frames(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(seen == [Frame(header, nil), frames[0]])
    }

    @Test("baseline: 4 MiB exactly is a frame")
    func largestBaseline() throws {
        let frame = Frame(.response, 1, [], Array(repeating: 3, count: 4 << 20))
        var splitter = FrameSplitter(mode: .baseline, settings: .default)
        #expect(try splitter.frames(frame.encoded) == [frame])
    }

    @Test(
        "mesh: frames longer than their type may be end the connection before their data comes",
        arguments: [
            (FrameType.data, 65_537), (.request, 65_537), (.response, 65_537), (.ping, 1025), (.settings, 1025), (.goAway, 1025),
            (.headers, (16 << 10) + (8 << 10) + 1), (FrameType(rawValue: 0x80), 65_537),
        ])
    func oversizedMesh(type: FrameType, length: Int) throws {
        var splitter = FrameSplitter(mode: .mesh, settings: .default)
        #expect(throws: ConnectionFailure.self) {
            try splitter.frames(FrameHeader(length: UInt32(length), streamID: 1, type: type).encoded)
        }
        var other = FrameSplitter(mode: .mesh, settings: .default)
        #expect(try other.frames(FrameHeader(length: UInt32(length - 1), streamID: 1, type: type).encoded) == [])
    }

    @Test("of an unfinished long frame as much memory is held as is said, no more than twice what has come, nor than the frame will have")
    func heldBytes() throws {
        var splitter = FrameSplitter(mode: .baseline, settings: .default)
        let length = 4 << 20, piece = 16_000, page = 4096
        let whole = Frame(.request, 1, [], Array(repeating: 7, count: length)).encoded
        for end in stride(from: piece, to: whole.count, by: piece) {
            #expect(try splitter.frames(Array(whole[(end - piece)..<end])).isEmpty)
            let held = splitter.heldBytes
            guard end > 70_000 else { #expect(held == 0 || end > 65_546); continue }
            #expect(held >= end && held <= min(2 * end, length) + page)
        }
        #expect(try splitter.frames(Array(whole[(whole.count / piece * piece)...])).count == 1)
        #expect(splitter.heldBytes == 0 && !splitter.holdsPartialFrame)
        _ = try splitter.frames(Array(whole[..<100_000]))
        splitter.forgetPartialFrame()
        #expect(splitter.heldBytes == 0 && !splitter.holdsPartialFrame)
    }

    @Test("usual frames are held without being counted")
    func usualFrames() throws {
        var splitter = FrameSplitter(mode: .mesh, settings: .default)
        let whole = Frame(.data, 1, [], Array(repeating: 7, count: 64 << 10)).encoded
        for byte in [1, 5000, whole.count - 1] {
            #expect(try splitter.frames(Array(whole[..<byte])).isEmpty)
            #expect(splitter.holdsPartialFrame && splitter.heldBytes == 0)
            splitter.forgetPartialFrame()
        }
    }
}
