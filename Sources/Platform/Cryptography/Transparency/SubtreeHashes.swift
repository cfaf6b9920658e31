/// Where the hashes of a tree's perfect subtrees come from: stored tiles, or memory.
public protocol SubtreeHashes {
    /// The hash over the leaves `index << level ..< (index + 1) << level`, which are all in the tree.
    func subtreeHash(level: Int, index: UInt64) throws -> MerkleHash
}

extension SubtreeHashes {
    /// The compact range of the tree's first `size` leaves; its root is the root at that size.
    public func compactRange(size: UInt64) throws -> CompactRange {
        let hashes = try Self.perfectSubtrees(start: 0, end: size).map { try subtreeHash(level: $0.level, index: $0.index) }
        guard let range = CompactRange(size: size, hashes: hashes) else { throw MerkleProofError.malformed }
        return range
    }

    /// MTH(D[start:end]) of RFC 6962, for a range that the recursion on the tree meets: `start` is a multiple of the smallest power
    /// of two that is not below the range's length.
    func rangeHash(start: UInt64, end: UInt64) throws -> MerkleHash {
        let parts = try Self.perfectSubtrees(start: start, end: end).map { try subtreeHash(level: $0.level, index: $0.index) }
        guard var hash = parts.last else { return MerkleTree.emptyRoot }
        for left in parts.dropLast().reversed() { hash = MerkleTree.nodeHash(left, hash) }
        return hash
    }

    /// Cuts such a range into perfect subtrees, largest first.
    static func perfectSubtrees(start: UInt64, end: UInt64) -> [(level: Int, index: UInt64)] {
        var parts: [(level: Int, index: UInt64)] = []
        var position = start
        var left = end - start
        while left > 0 {
            let level = 63 - left.leadingZeroBitCount
            parts.append((level, position >> level))
            position += 1 << level
            left -= 1 << level
        }
        return parts
    }
}
