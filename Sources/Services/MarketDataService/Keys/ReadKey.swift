import Crypto
import Cryptography
import Exchange
import FoundationEssentials
import GRDB
import Storage

/// This service's Ed25519 pair for the exchange, made at the first start. The private half lies sealed in the database and never leaves.
struct ReadKey: Sendable {
    let privateKey: Curve25519.Signing.PrivateKey
    /// It was made at this start.
    let isNew: Bool

    private static let address = ColumnAddress(table: "exchange_key", column: "sealed_private_key", row: "1")

    /// - Throws: storage errors; `ColumnCipher.Failure` when the data key is not the one that sealed it.
    static func load(from database: ServiceDatabase, cipher: ColumnCipher, now: Int64) async throws -> ReadKey {
        try await database.write { db in
            if let sealed = try Data.fetchOne(db, sql: "SELECT sealed_private_key FROM exchange_key WHERE id = 1") {
                let seed = try cipher.open(Array(sealed), at: address)
                return ReadKey(privateKey: try Curve25519.Signing.PrivateKey(rawRepresentation: seed), isNew: false)
            }
            let key = Curve25519.Signing.PrivateKey()
            try db.execute(
                sql: "INSERT INTO exchange_key (id, sealed_private_key, created_ms) VALUES (1, ?, ?)",
                arguments: [Data(try cipher.seal(key.rawRepresentation, at: address)), now])
            return ReadKey(privateKey: key, isNew: true)
        }
    }

    /// Shows the public half, for whoever registers it at the exchange.
    func publish(to path: String) throws {
        let pem = Data(PublicKeyPEM.encode(privateKey.publicKey).utf8)
        try pem.write(to: URL(filePath: path), options: .atomic)
    }
}
