internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import Logging
internal import Redaction
internal import Telemetry

/// The life of a service's process.
public enum ServiceMain {
    public typealias Build = @Sendable (ServiceContext) async throws -> RunningService

    /// Runs the service called `name` until it is told to stop: reads the settings, gives up what it may not do, builds, serves, drains.
    ///
    /// Not async, because confinement has to come before the concurrency runtime starts its first thread.
    public static func run(_ name: String, build: @escaping Build) -> Never {
        let arguments = ServiceArguments.parseOrExit()
        do {
            let settings = try ServiceSettings.read(from: arguments.settings, expecting: name)
            switch arguments.action {
            case .health: exit(HealthCheck.exitCode(asking: settings.health))
            case .access: exit(try AccessReport.exitCode(settings, paths: arguments.paths))
            case .serve: try serve(settings, supervisor: arguments.supervisor, build: build)
            }
        } catch {
            stop(name, because: error)
        }
    }

    private static func serve(_ settings: ServiceSettings, supervisor: Int32?, build: @escaping Build) throws -> Never {
        signal(SIGPIPE, SIG_IGN)
        let confinement = try ProcessHardening.apply(settings)
        if let supervisor { try SupervisorBond.tie(to: supervisor) }
        let (logger, metrics, tracer) = Telemetry.start(
            service: settings.service, level: settings.logLevel, sampling: try settings.tracing.sampling())
        logger.info("starting", metadata: ["environment": "\(settings.environment)", "confinement": "\(confinement)"])
        let runner = ServiceRunner(settings: settings, logger: logger, metrics: metrics, build: build)
        Task {
            do {
                try await runner.run()
                tracer.forceFlush()
                exit(0)
            } catch {
                tracer.forceFlush()
                stop(settings.service, because: error)
            }
        }
        dispatchMain()
    }

    private static func stop(_ name: String, because error: any Error) -> Never {
        FileHandle.standardError.write(Data(Redactor.redact("\(name): \(error)\n").utf8))
        exit((error as? StartUpError)?.exitCode ?? EXIT_FAILURE)
    }
}
