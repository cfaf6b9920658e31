import Crypto
import Cryptography
import Exchange
import FoundationEssentials
import GRDB
import KeyManagement
import Storage

/// This service's Ed25519 pair for the exchange, made at the first start, and the one that is to follow it. The private halves lie sealed
/// in the database and never leave.
struct ReadKey: Sendable {
    let privateKey: Curve25519.Signing.PrivateKey
    /// Milliseconds since 1970.
    let created: Int64
    /// nil until the exchange has accepted it.
    var activated: Int64?
    /// It was made just now.
    var isNew = false

    /// The first 8 bytes of the SHA-256 of its public half, hexadecimal.
    var id: String { Hex.encode(Hashing.sha256(Array(privateKey.publicKey.rawRepresentation)).prefix(8)) }

    /// Shows the public half, for whoever registers it at the exchange.
    func publish(to path: String) throws {
        let pem = Data(PublicKeyPEM.encode(privateKey.publicKey).utf8)
        try pem.write(to: URL(filePath: path), options: .atomic)
    }

    func record(_ state: KeyState) -> KeyRecord {
        KeyRecord(id: id, state: state, createdAt: created / 1000, activatedAt: activated.map { $0 / 1000 })
    }
}

/// SQL on `exchange_key`, the pair in use, and `exchange_key_next`, the pair to come.
struct ReadKeyTable: Sendable {
    enum Place: String {
        case current = "exchange_key"
        case next = "exchange_key_next"
    }

    let cipher: ColumnCipher

    private func address(_ place: Place) -> ColumnAddress {
        ColumnAddress(table: place.rawValue, column: "sealed_private_key", row: "1")
    }

    /// - Throws: storage errors; `ColumnCipher.Failure` when the data key is not the one that sealed it.
    func read(_ place: Place, in db: Database) throws -> ReadKey? {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM \(place.rawValue) WHERE id = 1") else { return nil }
        let seed = try cipher.open(Array(row["sealed_private_key"] as Data), at: address(place))
        return ReadKey(
            privateKey: try Curve25519.Signing.PrivateKey(rawRepresentation: seed), created: row["created_ms"],
            activated: place == .current ? row["activated_ms"] : nil)
    }

    func make(_ place: Place, now: Int64, in db: Database) throws -> ReadKey {
        let key = ReadKey(privateKey: Curve25519.Signing.PrivateKey(), created: now, isNew: true)
        try put(key, place, in: db)
        return key
    }

    private func put(_ key: ReadKey, _ place: Place, in db: Database) throws {
        let sealed = Data(try cipher.seal(key.privateKey.rawRepresentation, at: address(place)))
        try db.execute(
            sql: "INSERT OR REPLACE INTO \(place.rawValue) (id, sealed_private_key, created_ms) VALUES (1, ?, ?)", arguments: [sealed, key.created])
    }

    /// Puts the next pair in the place of the one in use, which is erased.
    func promote(_ key: ReadKey, in db: Database) throws {
        try put(key, .current, in: db)
        try db.execute(sql: "DELETE FROM exchange_key_next")
    }

    func noteAccepted(now: Int64, in db: Database) throws {
        try db.execute(sql: "UPDATE exchange_key SET activated_ms = coalesce(activated_ms, ?) WHERE id = 1", arguments: [now])
    }
}
