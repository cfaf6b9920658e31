import Foundation
import GRDB

/// A process of ours that has values wherever a process can have them.
final class LeakyProcess {
    /// Keeps what comes in and says so, then waits for the end of its input.
    private static let script = """
        import os, sys
        kept = sys.stdin.buffer.read(int(sys.argv[1]))
        opened = open(sys.argv[2], "rb")
        deleted = open(sys.argv[3], "rb")
        os.unlink(sys.argv[3])
        sys.stdout.write("kept")
        sys.stdout.flush()
        sys.stdin.buffer.read()
        """

    private let process = Process()
    private let input = Pipe()
    let folder = FileManager.default.temporaryDirectory.appending(path: "leaky-\(UUID().uuidString)")

    var pid: Int32 { process.processIdentifier }

    /// - Parameters:
    ///   - memory: what it reads and keeps.
    ///   - environment: what stands in a variable.
    ///   - argument: what stands on its command line.
    ///   - file, deleted: what is in files that it has open, of which the second has no name any more.
    init(memory: [UInt8], environment: [UInt8], argument: [UInt8], file: [UInt8], deleted: [UInt8]) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let (open, gone) = (folder.appending(path: "open"), folder.appending(path: "deleted"))
        try Data(file).write(to: open)
        try Data(deleted).write(to: gone)
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.script, "\(memory.count)", open.path, gone.path, String(decoding: argument, as: UTF8.self)]
        process.environment = ProcessInfo.processInfo.environment.merging(["KEPT": String(decoding: environment, as: UTF8.self)]) { $1 }
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: memory)
        guard try output.fileHandleForReading.read(upToCount: 4) == Data("kept".utf8) else { throw NeverHappened(what: "a process keeps what it is given") }
    }

    func stop() {
        // It may have been started by a thread that blocks every signal that can be blocked.
        kill(pid, SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }
}

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
