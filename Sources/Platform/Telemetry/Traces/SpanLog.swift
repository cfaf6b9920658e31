internal import Dispatch
internal import Logging
internal import Synchronization

/// Writes finished spans to the log on a thread of its own: a log that cannot be written to for a while holds no call up.
///
/// Bounded in what waits and in rate, whoever sets the sampled flags. What finds no room is lost; the next line says how many were.
final class SpanLog: Sendable {
    /// Spans that wait for the log.
    static let maxWaiting = 512
    /// Lines of one second.
    static let maxPerSecond = 500
    /// How long the end of the process waits for what is not yet written.
    static let flushTime = DispatchTimeInterval.seconds(1)

    private struct Backlog {
        var waiting = 0
        var lost = 0
        var secondEnds = ContinuousClock.now
        var inSecond = 0
    }

    private let logger: Logger
    private let queue = DispatchQueue(label: "spans")
    private let backlog = Mutex(Backlog())
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameter now: the time that lines of one second are counted by.
    init(_ logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.logger = logger
        self.now = now
    }

    /// Whether the logger would write spans at all.
    var isWanted: Bool { logger.logLevel <= .info }

    /// - Parameter end: nanoseconds since 1970.
    func write(_ span: SpanRecord, end: UInt64) {
        guard let lost = admit(now()) else { return }
        queue.async { [self] in
            backlog.withLock { $0.waiting -= 1 }
            var facts = span.facts(end: end)
            if lost > 0 { facts["lost_spans"] = "\(lost)" }
            logger.info("span", metadata: facts)
        }
    }

    /// - Returns: how many were lost since the last that found room; nil when this one is lost.
    private func admit(_ now: ContinuousClock.Instant) -> Int? {
        backlog.withLock { backlog in
            if now >= backlog.secondEnds {
                (backlog.secondEnds, backlog.inSecond) = (now + .seconds(1), 0)
            }
            guard backlog.waiting < Self.maxWaiting, backlog.inSecond < Self.maxPerSecond else {
                backlog.lost &+= 1
                return nil
            }
            defer { backlog.lost = 0 }
            backlog.waiting += 1
            backlog.inSecond += 1
            return backlog.lost
        }
    }

    func flush() {
        let written = DispatchSemaphore(value: 0)
        queue.async { written.signal() }
        _ = written.wait(timeout: .now() + Self.flushTime)
    }
}
