internal import Foundation
internal import Subprocess
internal import SystemPackage

/// How a service's process is started: its arguments name a settings file and nothing secret, its environment is bare.
struct ServiceLaunch: Sendable {
    struct Ending: Sendable, CustomStringConvertible {
        /// nil when it never started or a signal ended it.
        let code: Int32?
        let description: String
    }

    static let largestLog: UInt64 = 16 << 20

    let executable: String
    let arguments: [String]
    let logFile: String
    let pidFile: String
    private let more: [String: String]

    /// - Parameter environment: set beside the little that every process gets.
    init(_ name: ServiceName, folder: StateFolder, programs: ProgramFolder, environment: [String: String] = [:]) {
        more = environment
        executable = programs.executable(name)
        arguments = ["--settings", folder.settings(name), "--supervisor", "\(ProcessInfo.processInfo.processIdentifier)"]
        logFile = folder.log(name)
        pidFile = folder.pid(name)
    }

    /// Runs it to its end; a cancelled task asks it to stop, then kills it.
    func run(onStart: @escaping @Sendable (Int32) async -> Void) async -> Ending {
        do {
            let log = try openLog()
            let result = try await Subprocess.run(
                configuration, input: .none, output: .fileDescriptor(log, closeAfterSpawningProcess: false),
                error: .fileDescriptor(log, closeAfterSpawningProcess: true)
            ) { execution in
                await onStart(execution.processIdentifier.value)
            }
            switch result.terminationStatus {
            case .exited(let code): return Ending(code: code, description: "exit code \(code)")
            case .signaled(let signal): return Ending(code: nil, description: "signal \(signal)")
            }
        } catch {
            return Ending(code: nil, description: "not started: \(error)")
        }
    }

    func remember(_ pid: Int32) {
        try? ProcessMark(running: pid)?.write(to: pidFile)
    }

    func forget() {
        try? FileManager.default.removeItem(atPath: pidFile)
    }

    private var configuration: Configuration {
        var options = PlatformOptions()
        // A group of its own: a terminal's interrupt reaches the supervisor alone, which then stops everything in order.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: ServiceProcess.stopTime)]
        return Configuration(
            executable: .path(FilePath(executable)), arguments: Arguments(arguments), environment: .custom(environment),
            workingDirectory: "/", platformOptions: options)
    }

    /// Only what libc and the Swift runtime need: nothing of the operator's own environment gets in.
    private var environment: [Subprocess.Environment.Key: String] {
        var environment: [Subprocess.Environment.Key: String] = [
            "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", "SWIFT_BACKTRACE": "enable=no",
        ]
        environment["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
        for (name, value) in more { environment[Subprocess.Environment.Key(stringLiteral: name)] = value }
        return environment
    }

    private func openLog() throws -> FileDescriptor {
        let attributes = try? FileManager.default.attributesOfItem(atPath: logFile)
        if let size = attributes?[.size] as? UInt64, size > Self.largestLog { rename(logFile, logFile + ".1") }
        return try FileDescriptor.open(
            logFile, .writeOnly, options: [.append, .create, .noFollow, .closeOnExec], permissions: .ownerReadWrite)
    }
}
