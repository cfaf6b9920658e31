internal import Synchronization

/// What the health port says; also decides when a draining process stops being offered work.
final class HealthReport: Sendable {
    private let draining = Mutex(false)
    private let readiness: @Sendable () async -> String?

    init(readiness: @escaping @Sendable () async -> String?) {
        self.readiness = readiness
    }

    func startDraining() {
        draining.withLock { $0 = true }
    }

    /// nil when ready, otherwise why not.
    func unreadyReason() async -> String? {
        draining.withLock { $0 } ? "draining" : await readiness()
    }
}
