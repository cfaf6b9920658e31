/// A bump allocator: a block from outside first, then blocks of its own, each larger than the one before.
struct ArenaState {
    static let alignment = 16
    /// Of the first block that it allocates itself.
    private static let firstOwnBlock = 8 << 10
    private static let largestGrowth = 1 << 20

    /// The message that the arena is for.
    let layout: MessageLayout
    /// How deep the message being packed is; the outermost is 1.
    var depth = 1

    private var next: UnsafeMutableRawPointer?
    private var left: Int
    private var blocks: UnsafeMutableRawPointer?
    private var nextBlock = firstOwnBlock
    private var budget = MessageLimits.maxArenaBytes

    init(first: UnsafeMutableRawBufferPointer, layout: MessageLayout) {
        self.layout = layout
        next = first.baseAddress
        left = first.count
    }

    /// - Returns: memory with undefined content; nil when the budget is spent.
    @inline(__always)
    mutating func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        guard byteCount >= 0, byteCount <= MessageLimits.maxArenaBytes else { return nil }
        let rounded = max(Self.alignment, (byteCount + Self.alignment - 1) & ~(Self.alignment - 1))
        if rounded > left {
            guard addBlock(atLeast: rounded) else { return nil }
        }
        guard let result = next else { return nil }
        next = result + rounded
        left -= rounded
        return result
    }

    /// Each block of its own starts with the address of the one before.
    @inline(never)
    private mutating func addBlock(atLeast byteCount: Int) -> Bool {
        let size = max(nextBlock, byteCount) + Self.alignment
        guard size <= budget else { return false }
        budget -= size
        nextBlock = min(nextBlock * 2, Self.largestGrowth)
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Self.alignment)
        block.storeBytes(of: blocks, as: UnsafeMutableRawPointer?.self)
        blocks = block
        next = block + Self.alignment
        left = size - Self.alignment
        return true
    }

    mutating func free() {
        while let block = blocks {
            blocks = block.load(as: UnsafeMutableRawPointer?.self)
            block.deallocate()
        }
        next = nil
        left = 0
    }
}
