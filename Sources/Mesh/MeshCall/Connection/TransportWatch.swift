internal import MeshWire
internal import NIOCore

/// The times of one connection: since when a frame is incomplete, the peer takes nothing, nothing came.
struct TransportWatch {
    private var ticking: RepeatedTask?
    private var partial: (frame: Int, since: NIODeadline)?
    private var stalledSince: NIODeadline?
    private var lastRead = NIODeadline.now()

    mutating func start(on loop: any EventLoop, every interval: Duration, _ each: @escaping @Sendable () -> Void) {
        let interval = TimeAmount(interval)
        ticking = loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in each() }
    }

    mutating func stop() {
        ticking?.cancel()
        ticking = nil
    }

    mutating func noteRead(at time: NIODeadline) {
        lastRead = time
    }

    /// - Parameter isStalled: the link takes no more. The first time counts until it is said that it does.
    mutating func noteWrite(isStalled: Bool) {
        stalledSince = isStalled ? stalledSince ?? .now() : nil
    }

    /// Since the last byte came.
    var quietTime: Duration { .nanoseconds((NIODeadline.now() - lastRead).nanoseconds) }

    /// - Parameter partialFrame: the number of the frame that is incomplete, if one is.
    mutating func check(partialFrame: Int?, _ limits: ConnectionLimits) -> ConnectionFailure? {
        let now = NIODeadline.now()
        if partialFrame != partial?.frame { partial = partialFrame.map { ($0, now) } }
        if let partial, now - partial.since >= TimeAmount(limits.partialFrameTimeout) {
            return ConnectionFailure(.timeout, "a frame was not complete in \(limits.partialFrameTimeout)")
        }
        if let stalledSince, now - stalledSince >= TimeAmount(limits.writeStallTimeout) {
            return ConnectionFailure(.timeout, "the peer took no bytes for \(limits.writeStallTimeout)")
        }
        return nil
    }
}
