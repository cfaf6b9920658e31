internal import Logging
internal import MeshTLS
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Reads certificate files again when they have changed, so that renewed ones are used without a restart: looks at them from time to
/// time, and besides when a connection is made.
final class CertificateRefresh: Sendable {
    private struct State {
        var due: NIODeadline
        var isReading = false
    }

    /// The shortest time between two looks of `watch`.
    private static let shortestInterval = TimeAmount.milliseconds(50)

    private let tls: MeshTLSContext
    private let interval: TimeAmount
    private let logger: Logger
    private let state: Mutex<State>

    init(_ tls: MeshTLSContext, every interval: Duration, logger: Logger) {
        self.tls = tls
        self.interval = TimeAmount(interval)
        self.logger = logger
        state = Mutex(State(due: .now() + self.interval))
    }

    /// Looks at the files at each interval for as long as this object lives: a process that makes no connections is to have its
    /// certificate before the next one comes.
    func watch(on loop: any EventLoop) {
        let delay = max(interval, Self.shortestInterval)
        loop.scheduleRepeatedTask(initialDelay: delay, delay: delay) { [weak self] task in
            if let self { self.look(isDue: true) } else { task.cancel() }
        }
    }

    /// A connection begins. The files are read beside it, for those that come after.
    func connectionBegins() {
        look(isDue: false)
    }

    private func look(isDue: Bool) {
        let now = NIODeadline.now()
        let begins = state.withLock { state in
            guard !state.isReading, isDue || now >= state.due else { return false }
            state = State(due: now + interval, isReading: true)
            return true
        }
        guard begins else { return }
        // Not on an event loop: files may be slow.
        NIOThreadPool.singleton.submit { _ in
            self.reload()
            self.state.withLock { $0.isReading = false }
        }
    }

    private func reload() {
        do throws(MeshTLSError) {
            guard try tls.reloadIfChanged() else { return }
            logger.info("certificates read again", metadata: ["ends": "\(tls.certificateEnds)"])
        } catch {
            // Half-written files are complete the next time; until then the ones in memory serve.
            logger.warning("certificates not read again", metadata: ["why": "\(error)"])
        }
    }
}
