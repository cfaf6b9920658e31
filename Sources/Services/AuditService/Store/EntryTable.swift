internal import AuditClient
internal import Foundation
internal import GRDB

/// A source's chain within the log: one epoch of one service.
struct ChainKey: Hashable, Sendable {
    let source: String
    let epoch: UInt64
}

/// SQL of entries, chains and subjects.
enum EntryTable {
    /// Entries in the log.
    static func size(in db: Database) throws -> UInt64 {
        UInt64(try Int64.fetchOne(db, sql: "SELECT max(idx) + 1 FROM entries") ?? 0)
    }

    static func insert(_ record: LogRecord, at index: UInt64, in db: Database) throws {
        let insert = try db.cachedStatement(
            sql: "INSERT INTO entries (idx, record, source, epoch, sequence) VALUES (?, ?, ?, ?, ?)")
        try insert.execute(arguments: [
            Int64(index), Data(record.bytes), record.chain.source, Int64(record.chain.epoch), Int64(record.sequence),
        ])
        let subject = try db.cachedStatement(sql: "INSERT INTO subjects (user_id, idx, object) VALUES (?, ?, ?)")
        for user in record.subjects { try subject.execute(arguments: [user, Int64(index), record.object]) }
    }

    /// The entry that took this place in the chain.
    static func entry(_ chain: ChainKey, sequence: UInt64, in db: Database) throws -> (index: UInt64, record: [UInt8])? {
        let statement = try db.cachedStatement(
            sql: "SELECT idx, record FROM entries WHERE source = ? AND epoch = ? AND sequence = ?")
        let row = try Row.fetchOne(statement, arguments: [chain.source, Int64(chain.epoch), Int64(sequence)])
        return row.map { row in (UInt64(clamping: row[0] as Int64), Array(row[1] as Data)) }
    }

    static func record(at index: UInt64, in db: Database) throws -> [UInt8]? {
        let statement = try db.cachedStatement(sql: "SELECT record FROM entries WHERE idx = ?")
        return try Data.fetchOne(statement, arguments: [Int64(index)]).map { Array($0) }
    }

    /// Entries from an index on, in order.
    static func records(from index: UInt64, limit: Int, in db: Database) throws -> [(index: UInt64, record: [UInt8])] {
        try Row.fetchAll(db, sql: "SELECT idx, record FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?", arguments: [Int64(clamping: index), limit])
            .map { (UInt64(clamping: $0[0] as Int64), Array($0[1] as Data)) }
    }

    /// Where the chain ends; `.start` when it has not begun.
    static func link(of chain: ChainKey, in db: Database) throws -> ChainLink {
        let row = try Row.fetchOne(
            db, sql: "SELECT next_sequence, last_hash FROM chains WHERE source = ? AND epoch = ?",
            arguments: [chain.source, Int64(chain.epoch)])
        guard let row else { return .start }
        return ChainLink(nextSequence: UInt64(clamping: row[0] as Int64), lastHash: Array(row[1] as Data))
    }

    static func setLink(_ link: ChainLink, of chain: ChainKey, in db: Database) throws {
        try db.execute(
            literal: """
                INSERT INTO chains VALUES (\(chain.source), \(Int64(chain.epoch)), \(Int64(link.nextSequence)), \(Data(link.lastHash)))
                ON CONFLICT DO UPDATE SET next_sequence = excluded.next_sequence, last_hash = excluded.last_hash
                """)
    }

    /// The newest entries about the acting user, from a user's connection.
    static func ownIndexes(before: UInt64, object: String, limit: Int, in db: Database) throws -> [UInt64] {
        try Int64.fetchAll(
            db, sql: "SELECT idx FROM subjects WHERE idx < :before AND (:object = '' OR object = :object) ORDER BY idx DESC LIMIT :limit",
            arguments: ["before": Int64(clamping: before), "object": object, "limit": limit]
        ).map { UInt64($0) }
    }

    static func ownEpoch(in db: Database) throws -> UInt64 {
        UInt64(try Int64.fetchOne(db, sql: "SELECT epoch FROM own_chain") ?? 0)
    }
}
