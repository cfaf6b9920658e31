import NIOCore
import NIOPosix
import Synchronization

/// How late a thread with nothing else to do gets to run: what a machine shared with others adds to every latency.
final class Heartbeat: Sendable {
    private static let interval = TimeAmount.milliseconds(1)

    private let late = Mutex<[Duration]>([])
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    init() {
        beat(at: .now() + Self.interval)
    }

    private func beat(at due: NIODeadline) {
        group.next().scheduleTask(deadline: due) { [weak self] in
            guard let self else { return }
            let now = NIODeadline.now()
            late.withLock { $0.append(.nanoseconds((now - due).nanoseconds)) }
            beat(at: now + Self.interval)
        }
    }

    /// p99 since the last question.
    func takeLateness() -> Duration {
        late.withLock { late in
            defer { late = [] }
            return late.isEmpty ? .zero : late.sorted()[late.count * 99 / 100]
        }
    }

    func stop() async throws {
        try await group.shutdownGracefully()
    }
}
