internal import Foundation
internal import TestSupport

/// A program of others that `compose/test` installs and names in the environment.
package struct ExternalProgram: Sendable {
    /// OpenBao's `bao`.
    package static let bao = ExternalProgram(variable: "CRYPTOPULSE_OPENBAO")
    /// A Python with moto and botocore.
    package static let awsPython = ExternalProgram(variable: "CRYPTOPULSE_PYTHON_AWS")
    /// SoftHSM's module, which Debian's `softhsm2` brings.
    package static let softHSM = ExternalProgram(variable: "CRYPTOPULSE_SOFTHSM")

    package let variable: String

    /// In CI a program that is missing fails the test instead of skipping it.
    package var isExpected: Bool { ProcessInfo.processInfo.environment[variable] != nil || ProcessInfo.processInfo.environment["CI"] == "true" }

    package var path: String {
        get throws {
            guard let path = ProcessInfo.processInfo.environment[variable], FileManager.default.fileExists(atPath: path) else {
                throw Missing(variable: variable)
            }
            return path
        }
    }

    struct Missing: Error {
        let variable: String
    }

    struct Failed: Error {
        let command: String
        let output: String
    }

    /// Runs a program to its end and gives its output.
    package static func output(
        _ program: String, _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:], allowingFailure: Bool = false
    ) async throws -> String {
        let run = try await ProgramRun.of(program, arguments, input: input, environment: environment)
        guard run.succeeded || allowingFailure else { throw Failed(command: ([program] + arguments).joined(separator: " "), output: run.text) }
        return String(decoding: run.output, as: UTF8.self)
    }

    /// A script of `Tests/Clients`.
    package static func script(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Clients/\(name)").standardizedFileURL.path
    }
}
