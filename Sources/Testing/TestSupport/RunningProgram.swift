public import Foundation
internal import Subprocess
internal import SystemPackage

/// Another program to talk to, line by line, for as long as a test needs it: a server of somebody else's.
public struct RunningProgram: Sendable {
    /// Lines of its output that wait to be read; older ones are dropped.
    public static let linesMax = 1000

    private let lines: AsyncStream<String>
    private let write: @Sendable (String) async throws -> Void
    private let finish: @Sendable () async throws -> Void
    private let signal: @Sendable () throws -> Void

    /// The next line that it prints; nil once it prints no more.
    public func line() async -> String? {
        await lines.first { _ in true }
    }

    /// Writes a line to its standard input.
    public func say(_ line: String) async throws {
        try await write(line + "\n")
    }

    /// Ends its standard input.
    public func end() async throws {
        try await finish()
    }

    /// Sends it SIGTERM.
    public func terminate() throws {
        try signal()
    }

    /// Runs it while `body` runs. It is told to end by the end of its standard input, then by SIGTERM.
    ///
    /// - Parameters:
    ///   - program: a name to look up in PATH, or a path. What it writes to standard error goes to the test's.
    ///   - seconds: how long it may run before it is ended.
    /// - Throws: when it cannot be started; what `body` throws.
    public static func with<Output: Sendable>(
        _ program: String, _ arguments: [String], in folder: URL? = nil, seconds: Int = 120,
        _ body: @Sendable (RunningProgram) async throws -> Output
    ) async throws -> Output {
        var platform = PlatformOptions()
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        let result = try await Subprocess.run(
            .name("timeout"), arguments: Arguments(["\(seconds)", program] + arguments), workingDirectory: folder.map { FilePath($0.path) },
            platformOptions: platform, input: .inputWriter, output: .sequence, error: .currentStandardError
        ) { execution in
            let (lines, printed) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(linesMax))
            let reading = Task {
                defer { printed.finish() }
                for try await line in execution.standardOutput.strings(separatedBy: .lineBreaks) { printed.yield(line) }
            }
            let running = RunningProgram(lines: lines) { text in
                _ = try await execution.standardInputWriter.write(text)
            } finish: {
                try await execution.standardInputWriter.finish()
            } signal: {
                // `timeout` passes it on.
                try execution.send(signal: .terminate)
            }
            do {
                let output = try await body(running)
                try await execution.standardInputWriter.finish()
                _ = await reading.result
                return output
            } catch {
                try? await execution.standardInputWriter.finish()
                await execution.teardown(using: platform.teardownSequence)
                throw error
            }
        }
        return result.closureResult
    }
}
