import Cryptography
import FoundationEssentials
import GRDB
import Storage

/// How the API key comes here: as a file that appears once. It is then kept in the database, sealed, and the file emptied: an empty one says
/// that the key has arrived.
struct APIKeyHandover: Sendable {
    let path: String
    let database: ServiceDatabase
    let cipher: ColumnCipher

    /// Most bytes of the file that are read.
    private static let maximumKeyLength = 256
    private static let address = ColumnAddress(table: "exchange_key", column: "sealed_api_key", row: "1")

    /// What the file holds; nil when there is none or it was emptied.
    func new() -> String? {
        guard let bytes = FileManager.default.contents(atPath: path)?.prefix(Self.maximumKeyLength), !bytes.isEmpty else { return nil }
        let text = String(decoding: bytes.filter { $0 > UInt8(ascii: " ") && $0 < 0x7f }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }

    /// The key that was kept; nil when none was.
    ///
    /// - Throws: storage errors; `ColumnCipher.Failure` when another data key sealed it.
    func kept() async throws -> String? {
        let sealed = try await database.readAll { try Data.fetchOne($0, sql: "SELECT sealed_api_key FROM exchange_key WHERE sealed_api_key IS NOT NULL") }
        return try sealed.map { String(decoding: try cipher.open(Array($0), at: Self.address), as: UTF8.self) }
    }

    /// Seals the key into the database.
    func keep(_ apiKey: String, in db: Database) throws {
        let sealed = Data(try cipher.seal(Array(apiKey.utf8), at: Self.address))
        try db.execute(sql: "UPDATE exchange_key SET sealed_api_key = ? WHERE id = 1", arguments: [sealed])
    }

    /// Takes the file away: the next key is awaited.
    func expectAnother() {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Empties the file of a key that was kept.
    func empty(_ apiKey: String) throws {
        guard new() == apiKey else { return }
        try Data().write(to: URL(filePath: path), options: .atomic)
    }
}
