import Foundation
import Subprocess
import SystemPackage

/// A checker that `compose/test` installs and names in the environment.
struct ExternalTool {
    struct Output {
        let succeeded: Bool
        let text: String
        let errors: String
    }

    static let compose = ExternalTool(variable: "CRYPTOPULSE_DOCKER_COMPOSE")
    static let hadolint = ExternalTool(variable: "CRYPTOPULSE_HADOLINT")
    static let tree = URL(filePath: #filePath).appending(path: "../../../..").standardizedFileURL.path

    let variable: String

    private var path: String? { ProcessInfo.processInfo.environment[variable] }
    /// In CI a tool that is missing fails the test instead of skipping it.
    var isExpected: Bool { path != nil || ProcessInfo.processInfo.environment["CI"] == "true" }

    func run(_ arguments: [String]) async throws -> Output {
        guard let path else { throw Missing(variable: variable) }
        let result = try await Subprocess.run(
            .path(FilePath(path)), arguments: Arguments(arguments), output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
        return Output(succeeded: result.terminationStatus.isSuccess, text: result.standardOutput, errors: result.standardError)
    }

    struct Missing: Error {
        let variable: String
    }
}
