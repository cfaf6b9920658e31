/// A block of a tree's hashes as it is stored: up to 256 neighbours of one tile level (C2SP tlog-tiles, height 8).
/// Hash `i` of tile `number` on `level` covers the leaves from `(number * 256 + i) * 256^level`, 256^level of them.
public struct Tile: Sendable, Equatable {
    public static let height = 8
    public static let fullWidth = 256
    /// Levels 0 to 7 hold every leaf that a UInt64 can count.
    public static let levels = 8

    public struct ID: Hashable, Sendable {
        public let level: Int
        public let number: UInt64

        public init(level: Int, number: UInt64) {
            self.level = level
            self.number = number
        }
    }

    public private(set) var hashes: [MerkleHash]

    public init() {
        hashes = []
    }

    /// - Returns: nil unless `bytes` are 1 to 256 hashes.
    public init?(bytes: [UInt8]) {
        let count = bytes.count / MerkleHash.size
        guard bytes.count == count * MerkleHash.size, (1...Self.fullWidth).contains(count) else { return nil }
        hashes = (0..<count).compactMap { MerkleHash(bytes[$0 * MerkleHash.size..<($0 + 1) * MerkleHash.size]) }
    }

    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hashes.count * MerkleHash.size)
        for hash in hashes { hash.withUnsafeBytes { bytes.append(contentsOf: $0) } }
        return bytes
    }

    /// Hash over all 256; nil when the tile is not full.
    public var root: MerkleHash? { hash(height: Self.height, position: 0) }

    mutating func append(_ hash: MerkleHash) {
        hashes.append(hash)
    }

    /// Hash over `2^height` neighbours starting at `position`, a multiple of it; nil when the tile has not all of them.
    func hash(height: Int, position: Int) -> MerkleHash? {
        let end = position + (1 << height)
        guard position >= 0, end <= hashes.count else { return nil }
        var row = Array(hashes[position..<end])
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).map { MerkleTree.nodeHash(row[$0], row[$0 + 1]) }
        }
        return row.first
    }
}

/// Where tiles are kept.
public protocol TileReader {
    /// - Returns: nil when there is no such tile.
    func tile(_ id: Tile.ID) throws -> Tile?
}

/// Stored tiles do not hold what the tree's size says they hold.
public struct TileMissing: Error, Sendable, Equatable {
    public let id: Tile.ID

    public init(_ id: Tile.ID) {
        self.id = id
    }
}

/// The hashes of perfect subtrees, taken from stored tiles.
public struct TileHashes<Reader: TileReader>: SubtreeHashes {
    private let reader: Reader

    public init(_ reader: Reader) {
        self.reader = reader
    }

    public func subtreeHash(level: Int, index: UInt64) throws -> MerkleHash {
        let (tileLevel, height) = (level / Tile.height, level % Tile.height)
        let first = index << height
        let id = Tile.ID(level: tileLevel, number: first / UInt64(Tile.fullWidth))
        let position = Int(first % UInt64(Tile.fullWidth))
        guard let hash = try reader.tile(id)?.hash(height: height, position: position) else {
            throw TileMissing(id)
        }
        return hash
    }
}

/// Tiles touched while leaves are appended: the stored right edge, changed, and new ones.
public struct TileAppender<Reader: TileReader> {
    private let reader: Reader
    public private(set) var size: UInt64
    /// What must be stored, whole.
    public private(set) var changed: [Tile.ID: Tile] = [:]

    /// - Parameter size: leaves that the stored tiles hold.
    public init(_ reader: Reader, size: UInt64) {
        self.reader = reader
        self.size = size
    }

    public mutating func append(_ leaf: MerkleHash) throws {
        var (hash, index) = (leaf, size)
        for level in 0..<Tile.levels {
            let id = Tile.ID(level: level, number: index / UInt64(Tile.fullWidth))
            var tile = try takeEdge(id, width: Int(index % UInt64(Tile.fullWidth)))
            tile.append(hash)
            changed[id] = tile
            guard let above = tile.root else { break }
            (hash, index) = (above, id.number)
        }
        size += 1
    }

    /// Takes the tile out of `changed`, so that appending to it copies nothing.
    private mutating func takeEdge(_ id: Tile.ID, width: Int) throws -> Tile {
        if let tile = changed.removeValue(forKey: id) { return tile }
        guard width > 0 else { return Tile() }
        guard let tile = try reader.tile(id), tile.hashes.count == width else {
            throw TileMissing(id)
        }
        return tile
    }
}

extension TileAppender: TileReader {
    /// The stored tile, or the changed one.
    public func tile(_ id: Tile.ID) throws -> Tile? {
        try changed[id] ?? reader.tile(id)
    }
}
