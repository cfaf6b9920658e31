public import Foundation

/// Files of a process below /proc (proc(5)).
public enum ProcessFile {
    /// All of it: these files have no size, and the kernel hands out a page of them at a time. `Data(contentsOf:)` stops after the first.
    /// - Parameter name: `environ`, `cmdline`, `maps`, ...
    /// - Throws: when the process is gone or the file is closed to us.
    public static func bytes(_ name: String, of pid: Int32) throws -> Data {
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/\(pid)/\(name)"))
        defer { try? file.close() }
        return try file.readToEnd() ?? Data()
    }
}
