internal import Synchronization

/// What the health port says; also decides when a draining process stops being offered work.
final class HealthReport: Sendable {
    private enum Phase {
        case starting, serving, draining
    }

    private let phase: Mutex<Phase>
    private let readiness: @Sendable () async -> String?

    /// - Parameter isListening: whether there is no mesh port to wait for.
    init(isListening: Bool, readiness: @escaping @Sendable () async -> String?) {
        phase = Mutex(isListening ? .serving : .starting)
        self.readiness = readiness
    }

    /// The mesh port is open.
    func startServing() {
        phase.withLock { if $0 == .starting { $0 = .serving } }
    }

    func startDraining() {
        phase.withLock { $0 = .draining }
    }

    /// nil when ready, otherwise why not.
    func unreadyReason() async -> String? {
        switch phase.withLock({ $0 }) {
        case .starting: "starting"
        case .serving: await readiness()
        case .draining: "draining"
        }
    }
}
