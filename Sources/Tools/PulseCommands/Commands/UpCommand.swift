import ArgumentParser
import Deployment
import Foundation
import Logging
import Telemetry
import UnixSignals

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "up", abstract: "Starts everything and waits until it is ready.")

    @OptionGroup var state: StateOptions
    @OptionGroup var choices: DeploymentChoices

    @Flag(help: "Return once everything is ready; `pulse down` stops it.")
    var detach = false

    @Option(help: "Folder of the executables; the one of this program unless given.")
    var bin: String?

    /// Set for the process that `--detach` leaves behind.
    @Flag(help: .hidden)
    var detached = false

    func run() async throws {
        guard !Supervisor.isRunning(in: state.folder) else { throw CommandError("a deployment runs in \(state.folder.path) already") }
        try await choices.initialise(state.folder)
        let programs = try ProgramFolder(bin)
        let folder = state.folder
        if detach {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            try await DetachedSupervisor(state.folder).start(
                executable: own, arguments: ["up", "--detached", "--state", state.folder.path, "--bin", programs.path])
            print(try Welcome.text(state.folder, detached: true))
        } else if detached {
            try await superviseUnwatched(programs)
        } else {
            try await supervise(programs) { print(try Welcome.text(folder, detached: false)) }
        }
    }

    private func superviseUnwatched(_ programs: ProgramFolder) async throws {
        let folder = state.folder
        do {
            try await supervise(programs) { try SupervisorReport(failure: nil).write(to: folder) }
        } catch {
            try? SupervisorReport(failure: "\(error)").write(to: state.folder)
            throw error
        }
    }

    /// Runs everything until a signal says to stop.
    private func supervise(_ programs: ProgramFolder, whenReady: @escaping @Sendable () throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let supervisor = try await Supervisor(
            state.folder, programs: programs, logger: Logger(label: "pulse") { RedactingLogHandler(StreamLogHandler.standardError(label: $0)) })
        do {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    for await _ in signals { return true }
                    return true
                }
                group.addTask {
                    try await supervisor.start()
                    try whenReady()
                    return false
                }
                for try await toldToStop in group where toldToStop { break }
                group.cancelAll()
            }
        } catch is CancellationError {
            // Told to stop before everything was ready.
        } catch {
            await supervisor.stop()
            throw error
        }
        await supervisor.stop()
    }
}

/// What to try next, once everything runs.
enum Welcome {
    static func text(_ folder: StateFolder, detached: Bool) throws -> String {
        let ports = try DeploymentAccess(folder).ports()
        let state = folder.path == StateFolder(StateFolder.defaultPath).path ? "" : " --state \(folder.path)"
        return """
            CryptoPulse runs.

              people     \(ports.url(.gateway))   (curl --cacert \(folder.rootCertificate) \(ports.url(.gateway))/healthz)
              exchange   \(ports.url(.sandboxExchange))   the sandbox: no real money
              state      \(folder.path)

            Try next:
              compose/pulse demo\(state)          the whole story, from sign-up to a proven order
              compose/pulse sign-up\(state)       an account of your own
              compose/pulse status\(state)
              \(detached ? "compose/up --stop\(state)" : "Ctrl-C")   to stop
            """
    }
}
