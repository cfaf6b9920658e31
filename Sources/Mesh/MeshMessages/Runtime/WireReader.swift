internal import Glibc

/// Reads protobuf's wire format from a piece of memory; every read checks the end.
struct WireReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    private static let maxVarintBytes = 10
    /// protobuf-c reads tags and lengths of at most this many bytes.
    private static let maxShortVarintBytes = 5

    /// Most varints take one byte: that much is inlined.
    @inline(__always)
    mutating func varint() throws(MessageError.Reason) -> UInt64 {
        guard let byte = shortest() else { return try longVarint() }
        return UInt64(byte)
    }

    /// A varint of one byte, passed over; nil when it is longer or not there.
    @inline(__always)
    private mutating func shortest() -> UInt8? {
        guard position < bytes.count, bytes[position] < 0x80 else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    /// A length-prefixed field whose tag and length take a byte each, passed over; nil, with nothing read, when what comes next is none.
    @inline(__always)
    mutating func shortField(tag: UInt8) -> UnsafeRawBufferPointer? {
        guard bytes.count - position >= 2, bytes[position] == tag else { return nil }
        let length = Int(bytes[position + 1])
        guard length < 0x80, length <= bytes.count - position - 2, let base = bytes.baseAddress else { return nil }
        let content = UnsafeRawBufferPointer(start: base + (position + 2), count: length)
        position += 2 + length
        return content
    }

    private mutating func longVarint() throws(MessageError.Reason) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<Self.maxVarintBytes {
            guard position < bytes.count else { throw .truncated }
            let byte = bytes[position]
            position += 1
            // The tenth byte holds the 64th bit alone.
            guard index < Self.maxVarintBytes - 1 || byte <= 1 else { throw .malformedVarint }
            value |= UInt64(byte & 0x7f) << UInt64(7 * index)
            if byte < 0x80 { return value }
        }
        throw .malformedVarint
    }

    /// A varint as tags and lengths are: it fits 32 bits and takes at most five bytes.
    @inline(__always)
    private mutating func shortVarint() throws(MessageError.Reason) -> UInt32 {
        guard let byte = shortest() else { return try longShortVarint() }
        return UInt32(byte)
    }

    private mutating func longShortVarint() throws(MessageError.Reason) -> UInt32 {
        let start = position
        let value = try longVarint()
        guard position - start <= Self.maxShortVarintBytes, let short = UInt32(exactly: value) else { throw .malformedVarint }
        return short
    }

    @inline(__always)
    mutating func tag() throws(MessageError.Reason) -> (field: UInt32, wireType: UInt8) {
        let tag: UInt32
        do {
            tag = try shortVarint()
        } catch {
            throw error == .truncated ? error : .invalidTag
        }
        guard tag >> 3 != 0 else { throw .invalidTag }
        return (tag >> 3, UInt8(tag & 7))
    }

    @inline(__always)
    mutating func lengthPrefixed() throws(MessageError.Reason) -> UnsafeRawBufferPointer {
        try take(Int(shortVarint()))
    }

    @inline(__always)
    mutating func take(_ count: Int) throws(MessageError.Reason) -> UnsafeRawBufferPointer {
        guard count <= bytes.count - position else { throw .truncated }
        defer { position += count }
        return UnsafeRawBufferPointer(start: bytes.baseAddress.map { $0 + position }, count: count)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether all bytes are from 1 to 127, as those of most text: it is UTF-8 without a NUL then. Eight bytes at a time, without a call of the C library.
    var isPlainText: Bool {
        guard count >= 8 else { return allSatisfy { $0 != 0 && $0 < 0x80 } }
        var offset = 0
        while offset <= count - 8 {
            guard hasPlainWord(at: offset) else { return false }
            offset += 8
        }
        // The last bytes, with some of those before them.
        return hasPlainWord(at: count - 8)
    }

    @inline(__always)
    private func hasPlainWord(at offset: Int) -> Bool {
        let word = loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        // A byte from 128 has its highest bit set, and a 0 has it set once 1 is taken from it; no other byte has, unless a 0 below it borrows.
        return (word | (word &- 0x0101_0101_0101_0101)) & 0x8080_8080_8080_8080 == 0
    }

    /// By the C library, which looks at many bytes at once.
    var holdsNUL: Bool { baseAddress.map { memchr($0, 0, count) != nil } ?? false }
}
