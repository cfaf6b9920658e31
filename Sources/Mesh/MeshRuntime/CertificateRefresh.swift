internal import Logging
internal import MeshTLS
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Reads certificate files again from time to time, when connections are made, so that renewed ones are used without a restart.
final class CertificateRefresh: Sendable {
    private let tls: MeshTLSContext
    private let interval: TimeAmount
    private let logger: Logger
    private let due: Mutex<NIODeadline>

    init(_ tls: MeshTLSContext, every interval: Duration, logger: Logger) {
        self.tls = tls
        self.interval = TimeAmount(interval)
        self.logger = logger
        due = Mutex(.now() + self.interval)
    }

    /// A connection begins. The files are read beside it, for those that come after.
    func connectionBegins() {
        let now = NIODeadline.now()
        let isDue = due.withLock { due in
            guard now >= due else { return false }
            due = now + interval
            return true
        }
        guard isDue else { return }
        NIOThreadPool.singleton.submit { _ in self.reload() }
    }

    private func reload() {
        do throws(MeshTLSError) {
            try tls.reload()
        } catch {
            // Half-written files are complete the next time; until then the ones in memory serve.
            logger.warning("certificates not read again", metadata: ["why": "\(error)"])
        }
    }
}
