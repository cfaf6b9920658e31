public import Foundation
internal import Subprocess
internal import SystemPackage

/// Another program run to its end, for tests that compare with somebody else's code. Holds no thread while it waits.
public struct ProgramRun: Sendable {
    /// Most that is kept of each of its outputs, in bytes.
    public static let outputMax = 8 << 20

    /// nil when a signal ended it.
    public let exitCode: Int32?
    public let output: [UInt8]
    public let errors: String

    public var succeeded: Bool { exitCode == 0 }

    /// Both outputs as text.
    public var text: String { String(decoding: output, as: UTF8.self) + errors }

    /// - Parameters:
    ///   - program: a name to look up in PATH, or a path.
    ///   - environment: set beside this process's own.
    ///   - seconds: how long it may run before it is ended.
    /// - Throws: when it cannot be started.
    public static func of(
        _ program: String, _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:], in folder: URL? = nil,
        seconds: Int = 120
    ) async throws -> ProgramRun {
        var variables: [Environment.Key: String?] = [:]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        // A cancelled test ends the program too: `timeout` passes SIGTERM on, and could not pass SIGKILL.
        var platform = PlatformOptions()
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        let result = try await Subprocess.run(
            .name("timeout"), arguments: Arguments(["\(seconds)", program] + arguments), environment: .inherit.updating(variables),
            workingDirectory: folder.map { FilePath($0.path) }, platformOptions: platform, input: .array(input), output: .bytes(limit: outputMax),
            error: .string(limit: outputMax))
        var exitCode: Int32?
        if case .exited(let code) = result.terminationStatus { exitCode = code }
        return ProgramRun(exitCode: exitCode, output: result.standardOutput, errors: result.standardError)
    }
}
