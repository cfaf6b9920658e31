import Cryptography

/// A log of `{"v":1,"seq":i,"evt":"order.placed"}` with its tiles in memory.
struct TestLog: TileReader {
    private(set) var tiles: [Tile.ID: Tile] = [:]
    private(set) var leaves: [MerkleHash] = []

    init(size: Int, batch: Int = 64) throws {
        var start = 0
        while start < size {
            let end = min(size, start + batch)
            try append((start..<end).map(Self.entry))
            start = end
        }
    }

    static func entry(_ index: Int) -> [UInt8] {
        Array("{\"v\":1,\"seq\":\(index),\"evt\":\"order.placed\"}".utf8)
    }

    mutating func append(_ entries: [[UInt8]]) throws {
        var appender = TileAppender(self, size: UInt64(leaves.count))
        for entry in entries {
            let leaf = MerkleTree.leafHash(entry)
            try appender.append(leaf)
            leaves.append(leaf)
        }
        tiles.merge(appender.changed) { _, new in new }
    }

    func tile(_ id: Tile.ID) -> Tile? { tiles[id] }

    var hashes: TileHashes<TestLog> { TileHashes(self) }

    /// RFC 6962's recursion, word for word: what proofs are compared with.
    static func root(_ leaves: ArraySlice<MerkleHash>) -> MerkleHash {
        guard leaves.count > 1, let first = leaves.first else { return leaves.first ?? MerkleTree.emptyRoot }
        _ = first
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        let middle = leaves.startIndex + split
        return MerkleTree.nodeHash(root(leaves[leaves.startIndex..<middle]), root(leaves[middle...]))
    }
}
