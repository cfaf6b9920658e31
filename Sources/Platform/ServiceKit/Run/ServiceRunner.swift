internal import AuditClient
internal import FoundationEssentials
internal import KeyManagement
internal import Logging
internal import MeshCall
internal import NIOCore
internal import NIOPosix
internal import Secrets
internal import ServiceAPI
internal import ServiceLifecycle
internal import Telemetry
internal import UnixSignals

/// Builds a service, serves it, and drains it on SIGTERM or SIGINT.
struct ServiceRunner: Sendable {
    /// How long a stop may wait for calls in progress before what is left is cancelled.
    static let drainTime = Duration.seconds(10)
    /// The mesh port's part of it.
    static let callDrainTime = Duration.seconds(8)
    static let cancellationTime = Duration.seconds(3)
    static let threads = 2

    let settings: ServiceSettings
    let logger: Logger
    let metrics: PrometheusMetrics
    let build: ServiceMain.Build

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: Self.threads)
        let access = SecretAccess(service: settings.service)
        let context: ServiceContext
        var service: RunningService
        do {
            let trust = try MeshTrust(settings, logger: logger)
            let identity = OwnIdentity(settings, trust: trust, eventLoopGroup: group, logger: logger)
            try await identity?.obtain()
            context = try ServiceContext(settings: settings, trust: trust, access: access, logger: logger, eventLoopGroup: group)
            service = try await build(context)
            // auth makes its certificate while it is built.
            if settings.identity.mode == .issue { try CertificateCheck.run(settings) }
            service.background += try identity?.background(context) ?? []
        } catch {
            keep(.notStarted, error, failed: access.failed)
            throw error
        }
        addKeys(to: &service, context)
        warnOfUnlockedSecrets()
        do {
            try await ServiceGroup(configuration: configuration(service, context)).run()
        } catch {
            // A stop that took too long was asked for.
            if !(error is CancellationError) { keep(.failed, error) }
            throw error
        }
        await context.peers.close()
        logger.info("stopped")
        try await group.shutdownGracefully()
    }

    private func keep(_ end: FailedRun.End, _ error: any Error, failed: [AuditEvent] = []) {
        FailedRun(settings).keep(end, error, failed: failed, now: Int64(Date().timeIntervalSince1970), logger: logger)
    }

    /// What the runner does about keys and secrets, the same for every service of the mesh.
    private func addKeys(to service: inout RunningService, _ context: ServiceContext) {
        guard settings.hasMeshIdentity, let record = service.record ?? context.recorder else { return }
        let (access, logger) = (context.access, logger)
        let failures = FailedRun(settings)
        service.background.append(
            BackgroundTask("failures before") {
                try await Task.sleep(for: FailedRun.settling)
                await failures.tell(record, logger: logger)
            })
        access.processRuns()
        service.background.append(BackgroundTask("secrets fetched") { await access.run(logger, record: record) })
        let notes = OperatorNotes(dataFolder: settings.dataFolder)
        service.background.append(
            BackgroundTask("operator's notes") {
                while true {
                    await notes.tell(record, logger: logger)
                    try await Task.sleep(for: OperatorNotes.interval)
                }
            })
        guard !service.definitions.isEmpty else { return }
        service.definitions.append(.keys(KeysHandler(service.keys, schedules: settings.keys)))
        service.background += service.keys.map { keys in BackgroundTask("keys: \(keys.kind.rawValue)") { try await keys.follow() } }
        let watch = KeyWatch(service.keys, schedules: settings.keys, service: settings.service, logger: logger, record: record)
        service.background.append(BackgroundTask("age of keys") { try await watch.run() })
    }

    private func warnOfUnlockedSecrets() {
        let memory = SecretMemory.report
        guard memory.unlocked > 0 else { return }
        logger.warning(
            "secrets may reach swap: the kernel does not lock their memory",
            metadata: ["bytes": "\(memory.unlocked)", "why": "\(memory.reason ?? "")"])
    }

    /// Shut down from the last to the first: calls in progress drain first, the health port answers until the end.
    private func configuration(_ service: RunningService, _ context: ServiceContext) throws -> ServiceGroupConfiguration {
        let report = HealthReport(isListening: service.definitions.isEmpty, readiness: service.readiness)
        let refusals = service.definitions.isEmpty ? nil : context.opened.withOutbox.map {
            RefusalRecorder(service: settings.service, database: $0, logger: logger)
        }
        let meshHealth = MeshHealth(report: report, services: service.definitions.map(\.name))
        let listener = try service.definitions.isEmpty ? nil : listener(service, context, meshHealth, report, refusals)
        let health = healthServer(report, context, listener)
        let lasting = ([health, listener] as [(any Service)?]).compactMap(\.self).map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
        let background = (service.background + (listener == nil ? [] : [meshHealth]) + [refusals].compactMap(\.self)).map {
            // A background service may come to its end; one that fails takes the process with it.
            ServiceGroupConfiguration.ServiceConfiguration(service: $0, successTerminationBehavior: .ignore)
        }
        let drain = ServiceGroupConfiguration.ServiceConfiguration(service: DrainSignal(report: report, meshHealth: meshHealth, onDrain: service.onDrain))
        var configuration = ServiceGroupConfiguration(
            services: Array(lasting.prefix(1)) + background + lasting.dropFirst() + [drain], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.drainTime
        configuration.maximumCancellationDuration = Self.cancellationTime
        return configuration
    }

    private func healthServer(_ report: HealthReport, _ context: ServiceContext, _ listener: MeshListener?) -> HealthServer {
        let metrics = metrics
        let page: @Sendable () -> String = {
            listener?.count()
            return metrics.exposition()
        }
        return HealthServer(
            endpoint: settings.health, report: report, metrics: page, eventLoopGroup: context.eventLoopGroup, logger: logger)
    }

    private func listener(
        _ service: RunningService, _ context: ServiceContext, _ meshHealth: MeshHealth, _ report: HealthReport, _ refusals: RefusalRecorder?
    ) throws -> MeshListener {
        try MeshListener(
            settings: settings, trust: context.trust, definitions: service.definitions + [.health(meshHealth)],
            authenticator: service.authenticator ?? context.authenticator, refusals: refusals, report: report,
            eventLoopGroup: context.eventLoopGroup, logger: logger)
    }
}

/// Ends first when the group shuts down, and so turns the health port red before anything stops.
private struct DrainSignal: Service {
    let report: HealthReport
    let meshHealth: MeshHealth
    let onDrain: @Sendable () -> Void

    func run() async throws {
        try? await gracefulShutdown()
        report.startDraining()
        meshHealth.startDraining()
        onDrain()
    }
}
