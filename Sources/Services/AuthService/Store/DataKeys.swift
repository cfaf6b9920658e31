internal import Crypto
internal import Cryptography
internal import GRDB
internal import Storage

/// The data keys, each wrapped by a key from the secret store. Changing that key means rewrapping these few rows.
enum DataKeys {
    private enum Purpose: String, CaseIterable {
        case columns, indexes, pepper
    }

    /// Unwraps the keys, after making them in an empty database.
    ///
    /// - Parameter rootSecret: the service's `data-key`.
    /// - Throws: `KeyWrapping.Failure` when the database was made under another secret.
    static func open(in database: ServiceDatabase, rootSecret: SymmetricKey) async throws -> AuthSeals {
        let wrapping = KeyWrapping(rootSecret: rootSecret)
        return try await database.write { db in
            let columns = try keys(.columns, wrapping, in: db)
            guard let indexKey = try keys(.indexes, wrapping, in: db)[1], let pepper = try keys(.pepper, wrapping, in: db)[1],
                let current = columns.keys.max()
            else { throw KeyWrapping.Failure.notAuthentic }
            return AuthSeals(cipher: try ColumnCipher(keys: columns, current: current), indexKey: indexKey, pepper: pepper)
        }
    }

    private static func keys(_ purpose: Purpose, _ wrapping: KeyWrapping, in db: Database) throws -> [UInt32: SymmetricKey] {
        let rows = try Row.fetchAll(db, sql: "SELECT id, wrapped FROM data_keys WHERE purpose = ?", arguments: [purpose.rawValue])
        guard !rows.isEmpty else { return [1: try make(purpose, wrapping, in: db)] }
        return try rows.reduce(into: [:]) { keys, row in
            keys[try row.decode(UInt32.self, forColumn: "id")] = try wrapping.unwrap(row.bytes("wrapped"))
        }
    }

    private static func make(_ purpose: Purpose, _ wrapping: KeyWrapping, in db: Database) throws -> SymmetricKey {
        let key = SymmetricKey(size: .bits256)
        try db.execute(
            sql: "INSERT INTO data_keys (purpose, id, wrapped) VALUES (?, 1, ?)",
            arguments: [purpose.rawValue, try wrapping.wrap(key).blob])
        return key
    }
}
