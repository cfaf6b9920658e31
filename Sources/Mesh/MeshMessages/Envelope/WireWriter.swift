/// Writes protobuf's wire format into memory whose size was computed before.
struct WireWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var position = 0

    init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    static func varintSize(_ value: UInt64) -> Int {
        // Seven bits a byte; zero takes one byte too.
        (70 &- (value | 1).leadingZeroBitCount) / 7
    }

    /// Bytes of a length-prefixed field's tag, length and content.
    static func fieldSize(tag: UInt64, content: Int) -> Int {
        varintSize(tag) + varintSize(UInt64(content)) + content
    }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            memory[position] = UInt8(truncatingIfNeeded: rest) | 0x80
            position += 1
            rest >>= 7
        }
        memory[position] = UInt8(truncatingIfNeeded: rest)
        position += 1
    }

    mutating func bytes(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        UnsafeMutableRawBufferPointer(rebasing: memory[position...]).copyMemory(from: bytes)
        position += bytes.count
    }

    mutating func text(_ text: String) {
        var text = text
        text.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
    }

    /// The next `count` bytes, for somebody else to fill.
    mutating func reserve(_ count: Int) -> UnsafeMutableRawBufferPointer {
        defer { position += count }
        return UnsafeMutableRawBufferPointer(rebasing: memory[position..<position + count])
    }
}
