public import NIOCore
internal import Synchronization

/// Runs tasks on an event loop, so that a handler never leaves the thread of its connection unless it waits for something elsewhere.
///
/// A task that makes many calls spares itself a change of thread with each when it prefers the executor of the client's event loop:
/// `Task(executorPreference: LoopExecutor.of(loop)) { … }`. It must not block the thread.
///
/// Jobs enqueued on the loop go to a plain array that is emptied before the connection flushes, or by one event-loop task.
public final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    // Confined to the loop: jobs and drainScheduled.
    private let loop: any EventLoop
    @exclusivity(unchecked) private var jobs = CircularBuffer<UnownedJob>()
    @exclusivity(unchecked) private var drainScheduled = false

    let spin = LoopSpin()

    /// Jobs run in one go before the loop gets back to its sockets.
    private static let jobsPerDrain = 1024

    private init(_ loop: any EventLoop) {
        self.loop = loop
    }

    // The registry holds them strongly: a weak reference would cost with each count of a reference, and one that is unsafe meets an executor that
    // another thread is just letting go of. Only `of` hands out more references, under the lock: who is alone with the registry stays alone.
    private static let known = Mutex<[LoopExecutor]>([])

    /// The one executor of an event loop. It stays the same as long as somebody keeps it, or the loop has a connection.
    public static func of(_ loop: any EventLoop) -> LoopExecutor {
        known.withLock { known in
            if let executor = known.first(where: { $0.loop === loop }) { return executor }
            forgetUnused(&known)
            let executor = LoopExecutor(loop)
            known.append(executor)
            return executor
        }
    }

    /// Lets go of those that nobody has: their loops may be gone long ago.
    private static func forgetUnused(_ known: inout [LoopExecutor]) {
        var index = known.startIndex
        while index < known.endIndex {
            if isKnownUniquelyReferenced(&known[index]) { known.remove(at: index) } else { index += 1 }
        }
    }

    /// For tests.
    static var knownCount: Int { known.withLock { $0.count } }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard loop.inEventLoop else {
            loop.execute { self.append(job) }
            spin.interrupt()
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

    /// Runs the jobs that `make` makes ready, after those that are. On the loop only.
    func runNow<Made>(_ make: () -> Made) -> Made {
        let wasScheduled = drainScheduled
        drainScheduled = true
        let made = make()
        drainScheduled = wasScheduled
        drain()
        return made
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
