import Foundation

enum PrivateFile {
    /// Replaces a file in one step, readable by its owner only.
    static func write(_ data: Data, to path: String) throws {
        let temporary = "\(path).\(getpid())"
        try? FileManager.default.removeItem(atPath: temporary)
        guard FileManager.default.createFile(atPath: temporary, contents: data, attributes: [.posixPermissions: 0o600]),
            rename(temporary, path) == 0
        else { throw CommandError("cannot write \(path)") }
    }
}
