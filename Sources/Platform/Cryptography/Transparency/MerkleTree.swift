internal import Crypto

/// The hashing of RFC 6962 section 2.1 (RFC 9162 section 2.1.1), over SHA-256.
public enum MerkleTree {
    /// Root of the tree without leaves: SHA-256 of nothing.
    public static let emptyRoot = MerkleHash(SHA256())

    /// SHA-256(0x00 || entry).
    public static func leafHash(_ entry: some Collection<UInt8>) -> MerkleHash {
        var hasher = SHA256()
        hasher.update(data: [0x00] as [UInt8])
        let fed: Void? = entry.withContiguousStorageIfAvailable { hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        if fed == nil { hasher.update(data: Array(entry)) }
        return MerkleHash(hasher)
    }

    /// SHA-256(0x01 || left || right).
    public static func nodeHash(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
        var hasher = SHA256()
        hasher.update(data: [0x01] as [UInt8])
        left.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        right.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return MerkleHash(hasher)
    }

    /// Root over leaf hashes, all of them in memory.
    public static func root(of leaves: some Sequence<MerkleHash>) -> MerkleHash {
        var range = CompactRange()
        for leaf in leaves { range.append(leaf) }
        return range.root
    }
}

/// The right edge of a growing tree: one hash for each perfect subtree, largest first. As many as `size` has bits set.
public struct CompactRange: Sendable, Equatable {
    public private(set) var size: UInt64
    public private(set) var hashes: [MerkleHash]

    public init() {
        size = 0
        hashes = []
    }

    /// - Returns: nil unless there is one hash for each bit set in `size`.
    public init?(size: UInt64, hashes: [MerkleHash]) {
        guard hashes.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.hashes = hashes
    }

    public mutating func append(_ leaf: MerkleHash) {
        var node = leaf
        var merges = size.trailingOneBits
        while merges > 0, let left = hashes.popLast() {
            node = MerkleTree.nodeHash(left, node)
            merges -= 1
        }
        hashes.append(node)
        size += 1
    }

    /// Root of the tree so far.
    public var root: MerkleHash {
        guard var root = hashes.last else { return MerkleTree.emptyRoot }
        for left in hashes.dropLast().reversed() { root = MerkleTree.nodeHash(left, root) }
        return root
    }
}

extension UInt64 {
    var trailingOneBits: Int { (~self).trailingZeroBitCount }

    /// The largest power of two below this number, as its exponent; this number must be at least 2.
    var splitLevel: Int { 63 - (self - 1).leadingZeroBitCount }
}
