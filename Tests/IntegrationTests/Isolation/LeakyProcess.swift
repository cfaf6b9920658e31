import Foundation

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
