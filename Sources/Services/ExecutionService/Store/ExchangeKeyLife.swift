internal import FoundationEssentials
internal import GRDB
internal import KeyManagement
internal import Trading

/// SQL on the life of `exchange_keys`, which needs no value of any key.
enum ExchangeKeyLife {
    static func isActive(_ id: String, in db: Database) throws -> Bool {
        try Bool.fetchOne(db, sql: "SELECT state = 'active' FROM exchange_keys WHERE id = ?", arguments: [id]) ?? false
    }

    static func owner(of id: String, in db: Database) throws -> String? {
        try String.fetchOne(db, sql: "SELECT user_id FROM exchange_keys WHERE id = ?", arguments: [id])
    }

    /// Which store a key lies in; nil for one that lies here.
    static func store(of id: String, in db: Database) throws -> String? {
        try String.fetchOne(db, sql: "SELECT remote_store FROM exchange_keys WHERE id = ?", arguments: [id])
    }

    /// Those in use first, of them those that nobody asked to rotate, the oldest first.
    static func records(gone: Bool, limit: Int, in db: Database) throws -> [KeyRecord] {
        try Row.fetchAll(
            db, sql: """
                SELECT id, user_id, state, created_ms, activated_ms, retired_ms, gone_ms, rotation_requested, remote_store FROM exchange_keys
                WHERE ? OR gone_ms IS NULL ORDER BY state = 'active' DESC, rotation_requested IS NOT NULL, created_ms LIMIT ?
                """, arguments: [gone, limit]
        ).map(record)
    }

    static func record(_ id: String, in db: Database) throws -> KeyRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM exchange_keys WHERE id = ?", arguments: [id]).map(record)
    }

    private static func record(_ row: Row) throws -> KeyRecord {
        let seconds: (String) -> Int64? = { (row[$0] as Int64?).map { $0 / 1000 } }
        let state: KeyState
        switch (row["state"] as String, seconds("gone_ms")) {
        case (_, .some): state = .gone
        case ("pending", nil): state = .pending
        case ("active", nil): state = .active
        case ("retired", nil): state = .retiring
        default: throw StoreError.unreadable("exchange_keys.state")
        }
        return KeyRecord(
            id: row["id"], state: state, user: row["user_id"], createdAt: (row["created_ms"] as Int64) / 1000, activatedAt: seconds("activated_ms"),
            retiredAt: seconds("retired_ms"), goneAt: seconds("gone_ms"), rotationRequested: row["rotation_requested"],
            store: row["remote_store"])
    }

    /// The person's keys that nobody has revoked yet.
    static func standing(of user: String, in db: Database) throws -> [String] {
        try String.fetchAll(
            db, sql: "SELECT id FROM exchange_keys WHERE user_id = ? AND gone_ms IS NULL AND revoked_ms IS NULL ORDER BY created_ms",
            arguments: [user])
    }

    static func requestRotation(of id: String, because reason: String, in db: Database) throws {
        try db.execute(sql: "UPDATE exchange_keys SET rotation_requested = ? WHERE id = ? AND state = 'active'", arguments: [reason, id])
    }

    /// Keys that were made by then and that nobody has activated are used for nothing any more.
    ///
    /// - Parameter user: whose; nil: everybody's.
    static func expirePending(madeBy made: Int64, of user: String?, now: Int64, in db: Database) throws {
        try db.execute(
            sql: """
                UPDATE exchange_keys SET state = 'retired', retired_ms = :now
                WHERE state = 'pending' AND gone_ms IS NULL AND coalesce(made_ms, created_ms) <= :made AND (:user IS NULL OR user_id = :user)
                """, arguments: ["now": now, "made": made, "user": user])
    }

    /// From the end of this transaction on nothing new is done with the key. What is sealed of it is not looked at.
    ///
    /// - Returns: whether it was not revoked before.
    static func revoke(_ id: String, now: Int64, in db: Database) throws -> Bool {
        try db.execute(
            sql: """
                UPDATE exchange_keys SET state = 'retired', retired_ms = coalesce(retired_ms, ?1), revoked_ms = ?1
                WHERE id = ?2 AND gone_ms IS NULL AND revoked_ms IS NULL
                """, arguments: [now, id])
        return db.changesCount > 0
    }

    /// Whether a key may end: used for nothing new, no order that it placed may still be open (nobody else could ask about that), and nobody
    /// is making it.
    ///
    /// - Parameters:
    ///   - made: keys that were to be made by then are made by nobody any more.
    ///   - now: after a failure to destroy it there is a pause, which doubles to an hour; nil: whatever was tried when.
    static func mayEnd(_ id: String, made: Int64, now: Int64?, in db: Database) throws -> Bool {
        try Bool.fetchOne(
            db, sql: """
                SELECT 1 FROM exchange_keys WHERE id = :id AND \(isLeaving) AND coalesce(making_until_ms, 0) <= :made
                    AND (:now IS NULL OR destroy_tries = 0 OR :now >= destroy_tried_ms + min(5000 << min(destroy_tries, 10), 3600000))
                """, arguments: ["id": id, "made": made, "now": now]) ?? false
    }

    /// - Returns: whether it is the first failure of this key, and the key was made: of another nobody knows that there is anything to destroy.
    static func noteDestroyFailed(_ id: String, now: Int64, in db: Database) throws -> Bool {
        let isFirst = try Bool.fetchOne(
            db, sql: "SELECT destroy_tries = 0 AND made_ms IS NOT NULL FROM exchange_keys WHERE id = ?", arguments: [id])
        try db.execute(sql: "UPDATE exchange_keys SET destroy_tries = destroy_tries + 1, destroy_tried_ms = ? WHERE id = ?", arguments: [now, id])
        return isFirst ?? false
    }

    /// Erases a key that may end; a remote one has been destroyed.
    ///
    /// - Returns: whether it is gone now and was not before.
    static func erase(_ id: String, now: Int64, in db: Database) throws -> Bool {
        try db.execute(
            sql: """
                UPDATE exchange_keys SET private_key_sealed = x'', api_key_sealed = NULL, remote_key = NULL, making_until_ms = NULL, gone_ms = :now
                WHERE id = :id AND \(isLeaving)
                """, arguments: ["now": now, "id": id])
        return db.changesCount > 0
    }

    private static let isLeaving = """
        state = 'retired' AND gone_ms IS NULL AND NOT EXISTS (SELECT 1 FROM orders WHERE exchange_key_id = exchange_keys.id AND state IN
        (\(Trading.OrderState.allCases.filter { !$0.isFinal }.map { "'\($0.rawValue)'" }.joined(separator: ", "))))
        """
}
