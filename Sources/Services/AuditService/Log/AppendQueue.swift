internal import MeshCall
internal import ServiceAPI
internal import Synchronization

/// Collects what arrives while a transaction is being written, so that the next one takes it all with one flush of the disk.
final class AppendQueue: Sendable {
    /// Records that may wait.
    static let maxWaiting = 8_192
    /// Records of one transaction.
    static let maxBatch = 256

    typealias Outcome = Result<[AuditV1.Acknowledgement], any Error>
    /// Writes the runs in one transaction and says what became of each; all of it is on disk then.
    typealias Commit = @Sendable ([RecordRun]) async -> [Outcome]

    private struct Job {
        let run: RecordRun
        let done: CheckedContinuation<[AuditV1.Acknowledgement], any Error>
    }

    private struct State {
        var jobs: [Job] = []
        var waiting = 0
        var writing = false
    }

    private let state = Mutex(State())
    private let commit: Commit

    init(commit: @escaping Commit) {
        self.commit = commit
    }

    /// - Throws: `RPCError` RESOURCE_EXHAUSTED when too much is waiting; what `commit` said about the run.
    func append(_ run: RecordRun) async throws -> [AuditV1.Acknowledgement] {
        try await withCheckedThrowingContinuation { done in
            switch enqueue(Job(run: run, done: done)) {
            case .refused:
                done.resume(
                    throwing: RPCError(
                        .resourceExhausted, "The log has too many records waiting.", reason: "LOG_BUSY", retryAfter: .milliseconds(100)))
            case .joined: break
            case .mustStart: Task.detached { await self.drain() }
            }
        }
    }

    private enum Place { case refused, joined, mustStart }

    private func enqueue(_ job: Job) -> Place {
        state.withLock { state in
            guard state.waiting + job.run.records.count <= Self.maxWaiting else { return .refused }
            state.jobs.append(job)
            state.waiting += job.run.records.count
            guard !state.writing else { return .joined }
            state.writing = true
            return .mustStart
        }
    }

    private func drain() async {
        while let batch = nextBatch() {
            let outcomes = await commit(batch.map(\.run))
            for (job, outcome) in zip(batch, outcomes) { job.done.resume(with: outcome) }
        }
    }

    /// - Returns: nil when nothing waits; whoever comes next starts a new drain.
    private func nextBatch() -> [Job]? {
        state.withLock { state in
            var records = 0
            let batch = Array(
                state.jobs.prefix { job in
                    records += job.run.records.count
                    return records <= Self.maxBatch
                })
            state.jobs.removeFirst(batch.count)
            state.waiting -= batch.reduce(0) { $0 + $1.run.records.count }
            state.writing = !batch.isEmpty
            return batch.isEmpty ? nil : batch
        }
    }
}
