internal import Foundation
internal import GRDB
internal import Storage

/// The outbox's SQL.
enum OutboxTable {
    static let migration = DatabaseSchema.Migration("audit-outbox-1") { db in
        try db.execute(
            sql: """
                CREATE TABLE audit_outbox (
                    sequence INTEGER PRIMARY KEY,
                    record BLOB NOT NULL,
                    log_index INTEGER,
                    leaf_hash BLOB);
                CREATE TABLE audit_outbox_state (
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    epoch INTEGER NOT NULL,
                    next_sequence INTEGER NOT NULL,
                    last_hash BLOB NOT NULL,
                    acknowledged INTEGER NOT NULL);
                """)
        try db.execute(
            sql: "INSERT INTO audit_outbox_state VALUES (1, ?, 1, ?, 0)", arguments: [newEpoch(), Data(ChainLink.start.lastHash)])
    }

    struct State {
        let epoch: UInt64
        let link: ChainLink
        /// Sequence up to which the log has confirmed.
        let acknowledged: UInt64
    }

    /// Seconds since 1970 and 20 random bits: no two files have the same, and a later file has a higher one.
    private static func newEpoch() -> Int64 {
        Int64(Date().timeIntervalSince1970) << 20 | Int64.random(in: 0..<(1 << 20))
    }

    static func state(in db: Database) throws -> State {
        let sql = "SELECT epoch, next_sequence, last_hash, acknowledged FROM audit_outbox_state"
        guard let row = try Row.fetchOne(db, sql: sql) else { throw StorageError.corrupt("audit_outbox_state is empty") }
        let hash: Data = row[2]
        let link = ChainLink(nextSequence: UInt64(clamping: row[1] as Int64), lastHash: Array(hash))
        return State(epoch: UInt64(clamping: row[0] as Int64), link: link, acknowledged: UInt64(clamping: row[3] as Int64))
    }

    static func append(_ record: [UInt8], at link: ChainLink, in db: Database) throws {
        let next = link.following(record)
        try db.execute(
            literal: "INSERT INTO audit_outbox (sequence, record) VALUES (\(Int64(link.nextSequence)), \(Data(record)))")
        try db.execute(
            literal: "UPDATE audit_outbox_state SET next_sequence = \(Int64(next.nextSequence)), last_hash = \(Data(next.lastHash))")
    }

    struct Batch: Sendable {
        let firstSequence: UInt64
        let records: [[UInt8]]
    }

    /// The oldest unacknowledged records, at least one if there is any, within both bounds.
    static func nextBatch(maxRecords: Int, maxBytes: Int, in db: Database) throws -> Batch? {
        let first = try state(in: db).acknowledged + 1
        let rows = try Data.fetchCursor(
            db, sql: "SELECT record FROM audit_outbox WHERE sequence >= ? ORDER BY sequence LIMIT ?",
            arguments: [Int64(first), maxRecords])
        var records: [[UInt8]] = []
        var bytes = 0
        while let record = try rows.next() {
            bytes += record.count
            if bytes > maxBytes, !records.isEmpty { break }
            records.append(Array(record))
        }
        return records.isEmpty ? nil : Batch(firstSequence: first, records: records)
    }

    /// Keeps the receipts and lets go of the oldest acknowledged rows.
    static func acknowledge(_ receipts: [AuditReceipt], from first: UInt64, keeping kept: UInt64, in db: Database) throws {
        let last = first + UInt64(receipts.count) - 1
        for (offset, receipt) in receipts.enumerated() {
            try db.execute(
                literal: """
                    UPDATE audit_outbox SET log_index = \(Int64(receipt.index)), leaf_hash = \(Data(receipt.leafHash))
                    WHERE sequence = \(Int64(first) + Int64(offset))
                    """)
        }
        try db.execute(literal: "UPDATE audit_outbox_state SET acknowledged = \(Int64(last)) WHERE acknowledged < \(Int64(last))")
        if last > kept { try db.execute(literal: "DELETE FROM audit_outbox WHERE sequence <= \(Int64(last - kept))") }
    }

    static func receipt(for sequence: UInt64, in db: Database) throws -> AuditReceipt? {
        let row = try Row.fetchOne(
            db, sql: "SELECT log_index, leaf_hash FROM audit_outbox WHERE sequence = ? AND log_index IS NOT NULL",
            arguments: [Int64(clamping: sequence)])
        return row.map { row in AuditReceipt(index: UInt64(clamping: row[0] as Int64), leafHash: Array(row[1] as Data)) }
    }
}
