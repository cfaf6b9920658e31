internal import NIOCore

/// Runs tasks on an event loop, so that a handler never leaves the thread of its connection unless it waits for something elsewhere.
///
/// Jobs enqueued on the loop go to a plain array that is emptied before the connection flushes, or by one event-loop task.
final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    // Confined to the loop: jobs and drainScheduled.
    private let loop: any EventLoop
    private var jobs = CircularBuffer<UnownedJob>()
    private var drainScheduled = false

    /// Jobs run in one go before the loop gets back to its sockets.
    private static let jobsPerDrain = 1024

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard loop.inEventLoop else {
            loop.execute { self.append(job) }
            return
        }
        append(job)
    }

    private func append(_ job: UnownedJob) {
        jobs.append(job)
        guard !drainScheduled else { return }
        drainScheduled = true
        loop.execute {
            self.drainScheduled = false
            self.drain()
        }
    }

    /// Runs the jobs that are ready. On the loop only.
    func drain() {
        for _ in 0..<Self.jobsPerDrain {
            guard let job = jobs.popFirst() else { return }
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
        guard !jobs.isEmpty, !drainScheduled else { return }
        drainScheduled = true
        loop.execute {
            self.drainScheduled = false
            self.drain()
        }
    }
}
