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
        entry.executor = self
    }

    /// What the registry knows of an executor. It is this object that is held weakly: counting the references of one that is costs more.
    private final class Entry: @unchecked Sendable {
        // Set once; the executor owns this object.
        unowned(unsafe) var executor: LoopExecutor?
    }

    private struct Known {
        weak var entry: Entry?
    }

    private let entry = Entry()
    private static let known = Mutex<[ObjectIdentifier: Known]>([:])

    /// The one executor of an event loop.
    public static func of(_ loop: any EventLoop) -> LoopExecutor {
        known.withLock { known in
            if let entry = known[ObjectIdentifier(loop)]?.entry, let executor = entry.executor, executor.loop === loop { return executor }
            known = known.filter { $0.value.entry != nil }
            let executor = LoopExecutor(loop)
            known[ObjectIdentifier(loop)] = Known(entry: executor.entry)
            return executor
        }
    }

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
