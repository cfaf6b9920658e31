import GRDB
import KeyManagement

/// SQL on the life of `person_key`, which needs no value of any key.
enum PersonKeyLife {
    /// Those in use first, of them those that nobody asked to rotate, the oldest first.
    static func records(gone: Bool, limit: Int, in db: Database) throws -> [KeyRecord] {
        try Row.fetchAll(
            db, sql: """
                SELECT * FROM person_key WHERE ? OR gone_ms IS NULL
                ORDER BY state = 'active' DESC, rotation_requested IS NOT NULL, created_ms LIMIT ?
                """, arguments: [gone, limit]
        ).map(record)
    }

    static func record(_ id: String, in db: Database) throws -> KeyRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM person_key WHERE id = ?", arguments: [id]).map(record)
    }

    private static func record(_ row: Row) -> KeyRecord {
        let seconds: (String) -> Int64? = { (row[$0] as Int64?).map { $0 / 1000 } }
        let gone = seconds("gone_ms")
        let state: KeyState =
            switch (row["state"] as String, gone) {
            case ("pending", nil): .pending
            case ("active", nil): .active
            default: .gone
            }
        return KeyRecord(
            id: row["id"], state: state, user: row["user_id"], createdAt: (row["created_ms"] as Int64) / 1000, activatedAt: seconds("activated_ms"),
            goneAt: gone, rotationRequested: row["rotation_requested"])
    }

    /// The person's keys that are not gone.
    static func standing(of user: String, in db: Database) throws -> [String] {
        try String.fetchAll(
            db, sql: "SELECT id FROM person_key WHERE user_id = ? AND gone_ms IS NULL ORDER BY created_ms", arguments: [user])
    }

    /// Keys that have waited for their activation since then or longer, and whose they are.
    static func pending(since: Int64, of user: String?, limit: Int, in db: Database) throws -> [(id: String, user: String)] {
        try Row.fetchAll(
            db, sql: "SELECT id, user_id FROM person_key WHERE state = 'pending' AND created_ms <= :since AND (:user IS NULL OR user_id = :user) LIMIT :limit",
            arguments: ["since": since, "user": user, "limit": limit]
        ).map { ($0["id"], $0["user_id"]) }
    }

    static func requestRotation(of id: String, because reason: String, in db: Database) throws {
        try db.execute(sql: "UPDATE person_key SET rotation_requested = ? WHERE id = ? AND state = 'active'", arguments: [reason, id])
    }

    /// From the end of this transaction on the key is nowhere.
    static func erase(_ id: String, now: Int64, in db: Database) throws {
        try db.execute(
            sql: "UPDATE person_key SET state = 'retired', sealed_private_key = x'', sealed_api_key = NULL, gone_ms = ? WHERE id = ? AND gone_ms IS NULL",
            arguments: [now, id])
    }
}
