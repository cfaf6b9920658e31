internal import Dispatch
internal import Synchronization

/// Runs blocking work on a few threads of its own, first come first served, with a bound on how much may wait.
final class BoundedWorkers: Sendable {
    private struct Job {
        let id: UInt64
        let run: @Sendable () -> Void
        let refuse: @Sendable () -> Void
    }

    private struct State {
        var running = 0
        var waiting: [Job] = []
        var nextID: UInt64 = 0
    }

    private enum Admission { case started, queued, refused }

    private let width: Int
    private let queueLimit: Int
    private let queue: DispatchQueue
    private let state = Mutex(State())

    /// - Parameters:
    ///   - width: how many jobs run at once.
    ///   - queueLimit: how many more may wait.
    init(label: String, width: Int, queueLimit: Int) {
        self.width = max(width, 1)
        self.queueLimit = max(queueLimit, 0)
        queue = DispatchQueue(label: label, attributes: .concurrent)
    }

    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// - Throws: `PasswordHasher.Failure.busy` when too many wait; `CancellationError` when the task is cancelled before its turn;
    ///   else what `work` throws.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        let id = state.withLock { state in
            state.nextID &+= 1
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let job = Job(
                    id: id, run: { continuation.resume(with: Result { try work() }) },
                    refuse: { continuation.resume(throwing: CancellationError()) })
                if admit(job) == .refused { continuation.resume(throwing: PasswordHasher.Failure.busy) }
            }
        } onCancel: {
            withdraw(id)
        }
    }

    private func admit(_ job: Job) -> Admission {
        let admission = state.withLock { state -> Admission in
            if state.running < width {
                state.running += 1
                return .started
            }
            guard state.waiting.count < queueLimit else { return .refused }
            state.waiting.append(job)
            return .queued
        }
        if admission == .started { start(job) }
        return admission
    }

    private func start(_ job: Job) {
        queue.async { [self] in
            job.run()
            let next = state.withLock { state -> Job? in
                if state.waiting.isEmpty { state.running -= 1 }
                return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
            }
            if let next { start(next) }
        }
    }

    /// A job that already runs is let finish: Argon2 cannot be stopped half way.
    private func withdraw(_ id: UInt64) {
        let job = state.withLock { state -> Job? in
            state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0) }
        }
        job?.refuse()
    }
}
