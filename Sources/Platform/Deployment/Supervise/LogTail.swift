internal import Foundation

/// The end of a log file, to show beside an error.
public enum LogTail {
    static let longest = 64 << 10

    public static func lines(of path: String, count: Int = 8) -> String {
        guard let file = FileHandle(forReadingAtPath: path) else { return "(no log at \(path))" }
        defer { try? file.close() }
        let end = (try? file.seekToEnd()) ?? 0
        try? file.seek(toOffset: end > UInt64(longest) ? end - UInt64(longest) : 0)
        let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").suffix(count).joined(separator: "\n")
    }
}
