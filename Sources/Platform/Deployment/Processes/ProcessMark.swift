internal import Foundation

/// A process, told apart from a later one with the same number by the moment of its start.
struct ProcessMark: Equatable, Sendable {
    let pid: Int32
    /// Clock ticks since the machine's start (proc(5), field 22 of stat).
    let startTime: UInt64

    /// nil when no such process runs; one that has ended and only waits for its parent does not count.
    init?(running pid: Int32) {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8), let close = stat.lastIndex(of: ")") else {
            return nil
        }
        // The name, in parentheses, may hold anything; the state follows it.
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let startTime = UInt64(fields[19]) else { return nil }
        (self.pid, self.startTime) = (pid, startTime)
    }

    /// Reads a pid file.
    init?(file: String) {
        guard let text = try? PrivateFiles.readText(file) else { return nil }
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, let pid = Int32(parts[0]), let startTime = UInt64(parts[1]) else { return nil }
        (self.pid, self.startTime) = (pid, startTime)
    }

    func write(to file: String) throws {
        try PrivateFiles.write("\(pid) \(startTime)\n", to: file)
    }

    var isRunning: Bool { ProcessMark(running: pid) == self }

    func send(_ signal: Int32) {
        if isRunning { kill(pid, signal) }
    }

    /// - Returns: whether it has ended in time.
    func waitUntilEnded(within limit: Duration) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while isRunning {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(20))
        }
        return true
    }
}
