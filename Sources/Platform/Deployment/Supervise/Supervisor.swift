public import Foundation
public import Logging
internal import Synchronization

/// Runs a deployment's processes on this machine and keeps them running.
public final class Supervisor: Sendable {
    /// How long everything together may take to become ready.
    public static let startTime = Duration.seconds(90)
    static let pollInterval = Duration.milliseconds(50)
    /// Stopped in this order: who calls before who is called.
    static let stopOrder: [[ServiceName]] = [[.gateway], [.agent], [.execution, .marketData], [.auth], [.audit, .sandboxExchange]]

    public let folder: StateFolder
    public let ports: PortPlan
    public let processes: [ServiceName: ServiceProcess]
    private let lock: FolderLock
    private let clock: @Sendable () -> Date
    private let operatorIdentity: OperatorIdentity
    private let background = Mutex<[Task<Void, Never>]>([])
    private let logger: Logger

    /// Whether a supervisor runs in `folder` now.
    public static func isRunning(in folder: StateFolder) -> Bool {
        ProcessMark(file: folder.supervisorPID)?.isRunning == true
    }

    /// Prepares the folder (certificates, ports, settings) and takes it for this process alone.
    ///
    /// - Parameters:
    ///   - folder: an initialised state folder.
    ///   - environment: set for a service's process beside the little that each gets; for tests.
    ///   - clock: the wall clock; for tests.
    public init(
        _ folder: StateFolder, programs: ProgramFolder, logger: Logger, environment: (ServiceName) -> [String: String] = { _ in [:] },
        clock: @escaping @Sendable () -> Date = { Date() }
    ) async throws {
        self.clock = clock
        lock = try FolderLock(folder.lock)
        self.folder = folder
        self.logger = logger
        ports = try await Initializer(folder).prepare()
        operatorIdentity = OperatorIdentity(folder, ports: ports, environment: try Initializer(folder).options().environment, logger: logger, clock: clock)
        processes = Dictionary(
            uniqueKeysWithValues: ServiceName.allCases.map { name in
                (name, ServiceProcess(name, launch: ServiceLaunch(name, folder: folder, programs: programs, environment: environment(name)), logger: logger))
            })
    }

    /// Starts everything and waits until it is ready.
    ///
    /// - Throws: `DeploymentError` that names the service at fault and quotes the end of its log.
    public func start() async throws {
        ProcessMark(running: getpid()).map { try? $0.write(to: folder.supervisorPID) }
        let deadline = ContinuousClock.now + Self.startTime
        let support = IdentitySupport(folder: folder, logger: logger, clock: clock)
        support.look()
        background.withLock { $0.append(Task { await support.run() }) }
        for process in processes.values { await process.start() }
        try await waitUntilReady(.sandboxExchange, until: deadline)
        try await ReaderRegistration(folder: folder, ports: ports, logger: logger).register(until: deadline)
        for name in ServiceName.allCases { try await waitUntilReady(name, until: deadline) }
        try await operatorIdentity.obtain()
        let keeping = operatorIdentity
        background.withLock { $0.append(Task { await keeping.run() }) }
    }

    /// Stops everything, in an order in which nobody loses whom it calls; then the folder is free again.
    public func stop() async {
        for task in background.withLock({ $0 }) { task.cancel() }
        for names in Self.stopOrder {
            await withTaskGroup(of: Void.self) { group in
                for process in names.compactMap({ processes[$0] }) { group.addTask { await process.stop() } }
            }
        }
        try? FileManager.default.removeItem(atPath: folder.supervisorPID)
        lock.release()
    }

    public func process(_ name: ServiceName) throws -> ServiceProcess {
        guard let process = processes[name] else { throw DeploymentError("no service \(name.rawValue)") }
        return process
    }

    /// - Throws: `DeploymentError` when the service is not ready in time or has failed for good.
    public func waitUntilReady(_ name: ServiceName, until deadline: ContinuousClock.Instant) async throws {
        let probe = HealthProbe(endpoint: ports.health(name))
        while let reason = await probe.unreadyReason() {
            if case .failed(let why) = try await process(name).state { throw failure(name, why) }
            guard ContinuousClock.now < deadline else { throw failure(name, reason) }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    private func failure(_ name: ServiceName, _ why: String) -> DeploymentError {
        DeploymentError("\(name.rawValue) is not ready: \(why)\n\(LogTail.lines(of: folder.log(name)))")
    }
}
