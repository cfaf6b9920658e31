import Foundation
import GRDB

/// A folder like a deployment's, with values in the files of a service.
final class LeakyFolder {
    let folder = FileManager.default.temporaryDirectory.appending(path: "leaky-\(UUID().uuidString)")
    private let database: DatabaseQueue

    /// - Parameters:
    ///   - rows: what the database has, one value a row; in its WAL until `checkpoint`.
    ///   - log: what stands in a log.
    init(rows: [[UInt8]], log: [UInt8]) throws {
        for part in ["agent/data", "agent/log"] {
            try FileManager.default.createDirectory(at: folder.appending(path: part), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        try Data("{\"message\":\"started\"}\n".utf8 + log).write(to: folder.appending(path: "agent/log/agent.log"))
        var configuration = Configuration()
        configuration.journalMode = .wal
        database = try DatabaseQueue(path: folder.path + "/agent/data/agent.sqlite", configuration: configuration)
        try database.write { db in
            try db.execute(sql: "CREATE TABLE kept (value BLOB NOT NULL)")
            for row in rows { try db.execute(sql: "INSERT INTO kept VALUES (?)", arguments: [Data(row)]) }
        }
    }

    /// Moves everything from the WAL into the database itself.
    func checkpoint() throws { _ = try database.writeWithoutTransaction { try $0.checkpoint(.truncate) } }

    func remove() throws {
        try database.close()
        try FileManager.default.removeItem(at: folder)
    }
}
