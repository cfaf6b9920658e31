import Crypto
import Cryptography
import Deployment
import Foundation
import GRDB

/// What a sealed column holds, opened as its owner opens it.
struct OpenedColumn {
    let owner: ServiceName
    let table: String
    let column: String
    let bytes: [UInt8]

    var name: String { "\(owner.rawValue): \(table).\(column)" }
}

/// A service's database, with its data key: what a copy of the file alone does not give.
struct OpenedDatabase {
    let owner: ServiceName
    private let path: String
    private let dataKeys: [String: SymmetricKey]

    /// Tables with sealed columns: the column that names a row, and those that are sealed.
    private static let sealed: [ServiceName: [(table: String, row: String, columns: [String])]] = [
        .auth: [("accounts", "user_id", ["email", "totp_seed"])],
        .execution: [("utterances", "id", ["text_sealed"]), ("exchange_keys", "id", ["private_key_sealed", "api_key_sealed"])],
        .marketData: [
            ("exchange_key", "id", ["sealed_private_key", "sealed_api_key"]), ("person_key", "id", ["sealed_private_key", "sealed_api_key"]),
        ],
    ]

    static let owners: [ServiceName] = [.auth, .execution, .marketData]

    /// - Parameter root: the key that wraps the data keys; nil: the one in use.
    /// - Throws: when it is not what they are wrapped with.
    init(of owner: ServiceName, in folder: StateFolder, with root: [UInt8]? = nil) async throws {
        self.owner = owner
        path = "\(folder.data(owner))/\(owner.rawValue).sqlite"
        let inUse = try await StoredCredentials.secret("data-key", of: owner, folder)
        let wrapping = KeyWrapping(rootSecret: SymmetricKey(data: root ?? inUse))
        dataKeys = try Self.rows(of: path, "SELECT purpose, wrapped FROM data_keys").reduce(into: [:]) { keys, row in
            keys[row["purpose"]] = try wrapping.unwrap(Array(row["wrapped"] as Data))
        }
    }

    /// The keys that seal it.
    var keys: [[UInt8]] { dataKeys.values.map { $0.withUnsafeBytes(Array.init) } }

    func columns() throws -> [OpenedColumn] {
        guard let key = dataKeys["columns"] else { throw NeverHappened(what: "\(owner.rawValue) has a key for columns") }
        let cipher = try ColumnCipher(keys: [1: key], current: 1)
        return try (Self.sealed[owner] ?? []).flatMap { table, id, columns in
            try Self.rows(of: path, "SELECT CAST(\(id) AS TEXT) AS id, \(columns.joined(separator: ", ")) FROM \(table)").flatMap { row in
                try columns.compactMap { column in
                    // Of a key that is gone nothing is left.
                    guard let bytes = row[column] as Data?, !bytes.isEmpty else { return nil }
                    let address = ColumnAddress(table: table, column: column, row: row["id"])
                    return OpenedColumn(owner: owner, table: table, column: column, bytes: try cipher.open(Array(bytes), at: address))
                }
            }
        }
    }

    /// The scalars of auth's mesh issuing keys.
    func issuingKeys() throws -> [[UInt8]] {
        guard let root = dataKeys["issuing"] else { throw NeverHappened(what: "auth has a key for issuing keys") }
        return try Self.rows(of: path, "SELECT wrapped FROM issuing_keys WHERE wrapped IS NOT NULL").map { row in
            try KeyWrapping(rootSecret: root).unwrap(Array(row["wrapped"] as Data)).withUnsafeBytes(Array.init)
        }
    }

    private static func rows(of path: String, _ sql: String) throws -> [Row] {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try queue.read { try Row.fetchAll($0, sql: sql) }
    }
}
