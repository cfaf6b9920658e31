import Deployment
import Foundation
import LocalMesh

/// Asks again and again until the answer is yes. For what has no event to wait for: a state behind an RPC, a line in a log.
///
/// - Throws: `NeverHappened` after `limit`.
func eventually(within limit: Duration = .seconds(30), _ what: String, _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened(what: what) }
        // Slow enough for the processes we wait for to have the core, and for the gateway's rate limit on one person.
        await withCheckedContinuation { done in
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(250)) { done.resume() }
        }
    }
}

struct NeverHappened: Error {
    let what: String
}

extension ServiceProcess {
    /// Stops the process where it stands (SIGSTOP): it answers nobody and loses nothing.
    ///
    /// Returns when all of its threads stand: on a busy machine they go on for a while after the signal was sent.
    func freeze() async throws {
        try signal(SIGSTOP)
        let end = ContinuousClock.now + .seconds(10)
        while try !isStopped {
            guard ContinuousClock.now < end else { throw NeverHappened(what: "the process stands still") }
            try await ContinuousClock().sleep(for: .milliseconds(1))
        }
    }

    private var isStopped: Bool {
        get throws {
            guard let pid else { throw NeverHappened(what: "a process to stop") }
            return try FrozenProcess.isStopped(pid)
        }
    }

    /// Lets it go on (SIGCONT).
    func thaw() throws { try signal(SIGCONT) }

    var pid: Int32? {
        if case .running(let pid) = state { pid } else { nil }
    }

    private func signal(_ number: Int32) throws {
        guard let pid, Foundation.kill(pid, number) == 0 else { throw NeverHappened(what: "signal \(number)") }
    }
}

/// A process, whoever supervises it, that stands still until it is let go on.
struct FrozenProcess {
    private let pid: Int32

    /// Returns when all of its threads stand.
    init(_ pid: Int32) async throws {
        self.pid = pid
        guard kill(pid, SIGSTOP) == 0 else { throw NeverHappened(what: "process \(pid) can be stopped") }
        try await eventually("process \(pid) stands still") { try Self.isStopped(pid) }
    }

    func thaw() { kill(pid, SIGCONT) }

    static func isStopped(_ pid: Int32) throws -> Bool {
        let threads = "/proc/\(pid)/task"
        // `pid (name) state …`; a name may hold parentheses of its own.
        return try FileManager.default.contentsOfDirectory(atPath: threads).allSatisfy { thread in
            guard let stat = try? String(contentsOfFile: "\(threads)/\(thread)/stat", encoding: .utf8) else { return true }
            return stat.split(separator: ")").last?.dropFirst().first == "T"
        }
    }
}
