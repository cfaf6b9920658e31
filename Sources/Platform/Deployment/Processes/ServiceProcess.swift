internal import Foundation
internal import Logging

/// Keeps one service's process running: starts it, starts it again when it ends by itself, stops it when told to.
public actor ServiceProcess {
    public enum State: Sendable, Equatable {
        case stopped
        case running(pid: Int32)
        /// Ended, and to be started again soon.
        case waiting
        /// Not started again: why.
        case failed(String)
    }

    /// How long a process may drain before it is killed; a little more than it gives itself.
    static let stopTime = Duration.seconds(15)

    public let name: ServiceName
    public private(set) var state = State.stopped
    /// Times that it was started again.
    public private(set) var restarts = 0

    private let launch: ServiceLaunch
    private let logger: Logger
    private var keeper: Task<Void, Never>?

    init(_ name: ServiceName, launch: ServiceLaunch, logger: Logger) {
        self.name = name
        self.launch = launch
        self.logger = logger
    }

    public func start() {
        guard keeper == nil else { return }
        state = .waiting
        keeper = Task { await keepRunning() }
    }

    /// Lets it drain; kills it when that takes too long. It stays stopped until `start`.
    public func stop() async {
        keeper?.cancel()
        await keeper?.value
        keeper = nil
        state = .stopped
    }

    /// Ends it at once, as a crash would (SIGKILL). It stays stopped until `start`.
    public func kill() async {
        if case .running(let pid) = state { ProcessMark(running: pid)?.send(SIGKILL) }
        await stop()
    }

    /// Ends it at once and lets it be started again as after any crash.
    public func crash() {
        if case .running(let pid) = state { ProcessMark(running: pid)?.send(SIGKILL) }
    }

    private func keepRunning() async {
        var policy = RestartPolicy()
        while !Task.isCancelled {
            let started = ContinuousClock.now
            let ended = await runOnce()
            guard !Task.isCancelled else { break }
            switch policy.decide(exitCode: ended.code, ranFor: ContinuousClock.now - started) {
            case .never(let why):
                state = .failed(why)
                logger.error("will not be started again", metadata: ["service": "\(name.rawValue)", "ended": "\(ended.description)"])
                return
            case .after(let delay):
                state = .waiting
                restarts += 1
                logger.warning("ended", metadata: ["service": "\(name.rawValue)", "ended": "\(ended.description)", "again-in": "\(delay)"])
                try? await Task.sleep(for: delay)
            }
        }
    }

    private func runOnce() async -> ServiceLaunch.Ending {
        let ending = await launch.run { pid in await self.didStart(pid) }
        launch.forget()
        return ending
    }

    private func didStart(_ pid: Int32) {
        state = .running(pid: pid)
        launch.remember(pid)
    }
}
