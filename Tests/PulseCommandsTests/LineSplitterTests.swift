import NIOCore
import Testing

@testable import PulseCommands

@Suite("Lines of a streamed answer")
struct LineSplitterTests {
    private func lines(_ pieces: [String], longest: Int = 100) throws -> [String] {
        var splitter = LineSplitter(longest: longest)
        return try pieces.flatMap { try splitter.take(ByteBuffer(string: $0)) }.map { String(buffer: $0) }
    }

    @Test("However the bytes are cut, the lines are the same")
    func cuts() throws {
        let text = "{\"text\":\"é\"}\n\n{\"done\":true}\n"
        for length in 1...text.utf8.count {
            let bytes = Array(text.utf8)
            var splitter = LineSplitter(longest: 100)
            var found: [String] = []
            for start in stride(from: 0, to: bytes.count, by: length) {
                let piece = ByteBuffer(bytes: bytes[start..<min(start + length, bytes.count)])
                found += try splitter.take(piece).map { String(buffer: $0) }
            }
            #expect(found == ["{\"text\":\"é\"}", "{\"done\":true}"])
        }
    }

    @Test("A line without end is given up at the limit")
    func tooLong() throws {
        #expect(try lines(["12345"], longest: 5).isEmpty)
        #expect(throws: LineSplitter.TooLong.self) { try lines(["123456"], longest: 5) }
    }
}
