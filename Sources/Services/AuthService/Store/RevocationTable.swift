internal import GRDB
internal import MeshTLS

/// SQL on `revocations`.
enum RevocationTable {
    enum Entry: Sendable, Equatable {
        case serial(CertificateSerial)
        case identity(SPIFFEIdentity)

        fileprivate var kind: String {
            switch self {
            case .serial: "serial"
            case .identity: "identity"
            }
        }

        var value: String {
            switch self {
            case .serial(let serial): serial.hex
            case .identity(let identity): identity.uri
            }
        }
    }

    /// Entries; a list has to fit into one message.
    static let most = 20_000

    static func list(in db: Database) throws -> RevocationList {
        var list = RevocationList(version: UInt64(try Int64.fetchOne(db, sql: "SELECT version FROM revocation_version") ?? 0))
        for row in try Row.fetchAll(db, sql: "SELECT kind, value FROM revocations") {
            let value: String = try row.decode(forColumn: "value")
            if try row.decode(String.self, forColumn: "kind") == "serial" {
                if let serial = CertificateSerial(hex: value) { list.serials.insert(serial) }
            } else if let identity = try? SPIFFEIdentity(uri: value) {
                list.identities.insert(identity)
            }
        }
        return list
    }

    /// - Parameter ends: when the certificate ends and may be forgotten, in seconds since 1970; nil keeps the entry.
    /// - Returns: false when the list is full.
    static func add(_ entry: Entry, ends: Int64?, now: Int64, in db: Database) throws -> Bool {
        try db.execute(sql: "DELETE FROM revocations WHERE ends_at < ?", arguments: [now - 86400])
        guard try Int.fetchOne(db, sql: "SELECT count(*) FROM revocations") ?? 0 < most else { return false }
        try db.execute(
            sql: "INSERT INTO revocations (kind, value, at, ends_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            arguments: [entry.kind, entry.value, now, ends])
        try raiseVersion(now: now, in: db)
        return true
    }

    /// - Returns: false when there was no such entry.
    static func remove(_ entry: Entry, now: Int64, in db: Database) throws -> Bool {
        try db.execute(sql: "DELETE FROM revocations WHERE kind = ? AND value = ?", arguments: [entry.kind, entry.value])
        guard db.changesCount > 0 else { return false }
        try raiseVersion(now: now, in: db)
        return true
    }

    /// At least the time in milliseconds, so that a database that was made anew is believed by those who remember the old one.
    private static func raiseVersion(now: Int64, in db: Database) throws {
        try db.execute(sql: "UPDATE revocation_version SET version = max(version + 1, ?)", arguments: [now * 1000])
    }
}
