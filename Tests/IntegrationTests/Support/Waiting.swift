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
    func freeze() throws { try signal(SIGSTOP) }

    /// Lets it go on (SIGCONT).
    func thaw() throws { try signal(SIGCONT) }

    var pid: Int32? {
        if case .running(let pid) = state { pid } else { nil }
    }

    private func signal(_ number: Int32) throws {
        guard let pid, Foundation.kill(pid, number) == 0 else { throw NeverHappened(what: "signal \(number)") }
    }
}
