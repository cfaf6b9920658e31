import Synchronization

/// Calls kept in flight while something happens, and what became of them.
final class Load: Sendable {
    struct Outcome: Sendable {
        var succeeded = 0
        var failed: [String] = []
        /// Successes by what was answered.
        var replies: [String: Int] = [:]
    }

    private let recorded = Mutex(Outcome())
    private let isOver = Atomic(false)

    var outcome: Outcome { recorded.withLock { $0 } }

    /// Keeps `count` calls in flight while `body` runs, and lets the last ones finish.
    static func of(
        _ count: Int, _ call: @escaping @Sendable () async throws -> String, while body: (Load) async throws -> Void
    ) async rethrows -> Outcome {
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count { group.addTask { await load.repeats(call) } }
            defer { load.isOver.store(true, ordering: .relaxed) }
            try await body(load)
        }
        return load.outcome
    }

    private func repeats(_ call: () async throws -> String) async {
        while !isOver.load(ordering: .relaxed) {
            do {
                let reply = try await call()
                recorded.withLock { outcome in
                    outcome.succeeded += 1
                    outcome.replies[reply, default: 0] += 1
                }
            } catch {
                recorded.withLock { $0.failed.append("\(error)") }
            }
        }
    }

    /// Waits until so many more calls have succeeded.
    func more(_ count: Int) async {
        let enough = outcome.succeeded + count
        while outcome.succeeded < enough { await Task.yield() }
    }
}
