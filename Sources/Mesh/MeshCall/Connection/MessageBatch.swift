/// Packed messages one behind the other in one piece of memory, each with its length and its charge before it: a small one costs no allocation.
struct MessageBatch: ~Copyable, @unchecked Sendable {
    // Unchecked: its memory is its own.
    /// What has come into it since it was last empty.
    private(set) var total = MessageBuffer.Consumed()
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var start = 0
    private var end = 0

    private static let headerBytes = 8
    private static let smallestCapacity = 256

    deinit { memory.deallocate() }

    var isEmpty: Bool { start == end }
    /// Bytes that it has memory for.
    var capacity: Int { memory.count }
    /// Bytes that were in it since it was last empty.
    var usedBytes: Int { end }

    /// - Parameters:
    ///   - parts: the message; it may lie in two pieces.
    ///   - expected: bytes that are likely to be in it before it is emptied. Growing step by step copies all of them each time.
    mutating func append(_ parts: UnsafeRawBufferPointer, _ last: UnsafeRawBufferPointer? = nil, charge: Int, expected: Int = 0) {
        let length = parts.count + (last?.count ?? 0)
        makeRoom(for: Self.headerBytes + length, expected)
        memory.storeBytes(of: UInt32(clamping: length), toByteOffset: end, as: UInt32.self)
        memory.storeBytes(of: UInt32(clamping: charge), toByteOffset: end + 4, as: UInt32.self)
        end += Self.headerBytes
        put(parts)
        if let last { put(last) }
        total.add(charge)
    }

    /// Moves everything of `other` behind what is here. Nothing may have been taken out of either.
    mutating func append(_ other: inout MessageBatch) {
        guard !isEmpty else {
            swap(&self, &other)
            return other.removeAll()
        }
        makeRoom(for: other.end, 0)
        put(UnsafeRawBufferPointer(rebasing: other.memory[..<other.end]))
        total.add(other.total)
        other.removeAll()
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, let target = memory.baseAddress else { return }
        (target + end).copyMemory(from: source, byteCount: bytes.count)
        end += bytes.count
    }

    @inline(__always)
    private mutating func makeRoom(for byteCount: Int, _ expected: Int) {
        if memory.count - end < byteCount { grow(to: max(end + byteCount, expected)) }
    }

    private mutating func grow(to byteCount: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(byteCount, memory.count * 2, Self.smallestCapacity), alignment: MemoryLayout<UInt64>.alignment)
        UnsafeMutableRawBufferPointer(rebasing: larger[..<end]).copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<end]))
        memory.deallocate()
        memory = larger
    }

    /// Hands the first message to `body`. Not to be called when there is none.
    ///
    /// - Returns: its charge.
    mutating func takeFirst(_ body: (UnsafeRawBufferPointer) -> Void) -> Int {
        let length = Int(memory.loadUnaligned(fromByteOffset: start, as: UInt32.self))
        let charge = Int(memory.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self))
        let first = start + Self.headerBytes
        body(UnsafeRawBufferPointer(rebasing: memory[first..<first + length]))
        start = first + length
        return charge
    }

    /// Empties it; its memory stays.
    mutating func removeAll() {
        start = 0
        end = 0
        total = MessageBuffer.Consumed()
    }
}
