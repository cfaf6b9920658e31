internal import GRDB

/// Durable, and read again in every transaction that leads to a dispatch.
enum KillSwitchStore {
    struct State: Sendable, Equatable {
        var engaged: Bool
        var reason: String
        var sinceMilliseconds: Int64
    }

    static func read(in db: Database) throws -> State {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM kill_switch WHERE id = 1") else {
            throw StoreError.unreadable("kill_switch")
        }
        return State(engaged: row["engaged"], reason: row["reason"], sinceMilliseconds: row["since_ms"])
    }

    static func write(_ state: State, in db: Database) throws {
        try db.execute(
            sql: "UPDATE kill_switch SET engaged = ?, reason = ?, since_ms = ? WHERE id = 1",
            arguments: [state.engaged, state.reason, state.sinceMilliseconds])
    }
}
