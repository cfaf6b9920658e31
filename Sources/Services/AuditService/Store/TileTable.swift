internal import Cryptography
internal import Foundation
internal import GRDB

/// The tree's tiles in the database.
struct TileTable: TileReader {
    let db: Database

    func tile(_ id: Tile.ID) throws -> Tile? {
        let statement = try db.cachedStatement(sql: "SELECT hashes FROM tiles WHERE level = ? AND number = ?")
        let bytes = try Data.fetchOne(statement, arguments: [id.level, Int64(id.number)])
        return bytes.flatMap { Tile(bytes: Array($0)) }
    }

    func store(_ tiles: [Tile.ID: Tile]) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO tiles VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET hashes = excluded.hashes")
        for (id, tile) in tiles { try statement.execute(arguments: [id.level, Int64(id.number), Data(tile.bytes)]) }
    }
}

/// Tiles and the hashes within them, each read and computed once. For one answer with many proofs.
final class RememberedHashes: SubtreeHashes, TileReader {
    private struct Node: Hashable {
        let level: Int
        let index: UInt64
    }

    private let table: TileTable
    private var tiles: [Tile.ID: Tile] = [:]
    private var nodes: [Node: MerkleHash] = [:]

    init(_ table: TileTable) {
        self.table = table
    }

    func tile(_ id: Tile.ID) throws -> Tile? {
        if let tile = tiles[id] { return tile }
        let tile = try table.tile(id)
        tiles[id] = tile
        return tile
    }

    func subtreeHash(level: Int, index: UInt64) throws -> MerkleHash {
        let node = Node(level: level, index: index)
        if let hash = nodes[node] { return hash }
        let hash = try TileHashes(self).subtreeHash(level: level, index: index)
        nodes[node] = hash
        return hash
    }
}
