import Crypto
import Cryptography
import FoundationEssentials
import GRDB

/// A person's key for reading. The private half leaves this process in no form.
struct PersonKey: Sendable {
    enum State: String { case pending, active, retired }

    var id: String
    var user: String
    var state: State
    var privateKey: Curve25519.Signing.PrivateKey
    /// What the exchange calls it; nil until activated.
    var apiKey: String?
}

/// Both halves of a key's secret lie sealed by the service's data key.
struct PersonKeyStore: Sendable {
    let cipher: ColumnCipher

    enum Failure: Error, Equatable {
        case unreadable(String)
    }

    private func address(_ column: String, _ id: String) -> ColumnAddress {
        ColumnAddress(table: "person_key", column: column, row: id)
    }

    func insert(_ key: PersonKey, now: Int64, in db: Database) throws {
        let sealed = try cipher.seal(key.privateKey.rawRepresentation, at: address("sealed_private_key", key.id))
        try db.execute(
            sql: "INSERT INTO person_key (id, user_id, state, sealed_private_key, created_ms) VALUES (?, ?, ?, ?, ?)",
            arguments: [key.id, key.user, key.state.rawValue, Data(sealed), now])
    }

    func countPending(user: String, in db: Database) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM person_key WHERE user_id = ? AND state = 'pending'", arguments: [user]) ?? 0
    }

    func find(_ id: String, in db: Database) throws -> PersonKey? {
        try Row.fetchOne(db, sql: "SELECT * FROM person_key WHERE id = ? AND gone_ms IS NULL", arguments: [id]).map(read)
    }

    func active(user: String, in db: Database) throws -> PersonKey? {
        try Row.fetchOne(db, sql: "SELECT * FROM person_key WHERE user_id = ? AND state = 'active'", arguments: [user]).map(read)
    }

    /// Makes a pending key the person's only active one. The one before it is erased: nothing that was read with it is still to come.
    ///
    /// - Returns: false when it was not pending any more.
    func activate(_ key: PersonKey, apiKey: String, now: Int64, in db: Database) throws -> Bool {
        let sealed = try cipher.seal(Array(apiKey.utf8), at: address("sealed_api_key", key.id))
        guard let current = try find(key.id, in: db), current.user == key.user, current.state == .pending else { return false }
        if let before = try String.fetchOne(db, sql: "SELECT id FROM person_key WHERE user_id = ? AND state = 'active'", arguments: [key.user]) {
            try PersonKeyLife.erase(before, now: now, in: db)
        }
        try db.execute(
            sql: "UPDATE person_key SET state = 'active', sealed_api_key = ?, activated_ms = ? WHERE id = ?",
            arguments: [Data(sealed), now, key.id])
        return true
    }

    private func read(_ row: Row) throws -> PersonKey {
        let id: String = row["id"]
        guard let state = PersonKey.State(rawValue: row["state"]) else { throw Failure.unreadable("person_key.state") }
        let seed = try cipher.open(Array(row["sealed_private_key"] as Data), at: address("sealed_private_key", id))
        let apiKey = try (row["sealed_api_key"] as Data?).map { try cipher.open(Array($0), at: address("sealed_api_key", id)) }
        return PersonKey(
            id: id, user: row["user_id"], state: state, privateKey: try Curve25519.Signing.PrivateKey(rawRepresentation: seed),
            apiKey: apiKey.map { String(decoding: $0, as: UTF8.self) })
    }
}
