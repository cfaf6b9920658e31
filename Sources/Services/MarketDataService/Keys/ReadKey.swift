import Crypto
import Cryptography
import Exchange
import FoundationEssentials
import GRDB
import KeyManagement
import Storage

/// This service's Ed25519 pair for the exchange, made at the first start, and the one that is to follow it. The private halves lie sealed
/// in the database and are opened for the client that signs with one.
struct ReadKey: Sendable {
    let publicKey: Curve25519.Signing.PublicKey
    /// Milliseconds since 1970.
    let created: Int64
    /// nil until the exchange has accepted it.
    var activated: Int64?
    /// It was made just now.
    var isNew = false

    /// The first 8 bytes of the SHA-256 of its public half, hexadecimal.
    var id: String { Hex.encode(Hashing.sha256(Array(publicKey.rawRepresentation)).prefix(8)) }

    /// Shows the public half, for whoever registers it at the exchange.
    func publish(to path: String) throws {
        let pem = Data(PublicKeyPEM.encode(publicKey).utf8)
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
        return ReadKey(
            publicKey: try open(row, place).publicKey, created: row["created_ms"], activated: place == .current ? row["activated_ms"] : nil)
    }

    /// The private half of a key; nil when another is there, or none.
    func privateKey(of key: ReadKey, _ place: Place, in db: Database) throws -> Curve25519.Signing.PrivateKey? {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM \(place.rawValue) WHERE id = 1") else { return nil }
        let found = try open(row, place)
        return found.publicKey.rawRepresentation == key.publicKey.rawRepresentation ? found : nil
    }

    private func open(_ row: Row, _ place: Place) throws -> Curve25519.Signing.PrivateKey {
        let seed = try cipher.open(Array(row["sealed_private_key"] as Data), at: address(place))
        return try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
    }

    func make(_ place: Place, now: Int64, in db: Database) throws -> ReadKey {
        let key = Curve25519.Signing.PrivateKey()
        try put(key, created: now, place, in: db)
        return ReadKey(publicKey: key.publicKey, created: now, isNew: true)
    }

    private func put(_ key: Curve25519.Signing.PrivateKey, created: Int64, _ place: Place, in db: Database) throws {
        let sealed = Data(try cipher.seal(key.rawRepresentation, at: address(place)))
        try db.execute(
            sql: "INSERT OR REPLACE INTO \(place.rawValue) (id, sealed_private_key, created_ms) VALUES (1, ?, ?)", arguments: [sealed, created])
    }

    /// Puts the next pair in the place of the one in use, which is erased.
    ///
    /// - Returns: false when another is there, or none.
    func promote(_ key: ReadKey, in db: Database) throws -> Bool {
        guard let next = try privateKey(of: key, .next, in: db) else { return false }
        try put(next, created: key.created, .current, in: db)
        try db.execute(sql: "DELETE FROM exchange_key_next")
        return true
    }

    func noteAccepted(now: Int64, in db: Database) throws {
        try db.execute(sql: "UPDATE exchange_key SET activated_ms = coalesce(activated_ms, ?) WHERE id = 1", arguments: [now])
    }
}
