package import ArgumentParser
import Foundation
package import MeshCall

/// Why a command did not do what it was asked. It goes to standard error; the exit code says whose fault it is.
package enum MeshCommandError: Error {
    /// What was asked for does not exist or is written wrongly: exit code 64 (EX_USAGE).
    case usage(String)
    /// The call failed, or there is nobody to call: exit code 1.
    case failed(String)

    package var message: String {
        switch self {
        case .usage(let message), .failed(let message): message
        }
    }

    package var exitCode: ExitCode {
        switch self {
        case .usage: .validationFailure
        case .failed: .failure
        }
    }

    /// Runs a command's work, shows its error and ends with the exit code that belongs to it.
    package static func reporting(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let error as MeshCommandError {
            StandardError.line(error.message)
            throw error.exitCode
        }
    }

    /// A call's failure: `CODE (REASON): message`, what else the server said, a line each, and where that helps what to do about it.
    package static func call(_ error: RPCError, of method: MethodDescriptor, _ guide: CallGuide) -> MeshCommandError {
        .failed((([error.description] + particulars(error)).map(TerminalText.line) + hint(error, method, guide)).joined(separator: "\n"))
    }

    private static func particulars(_ error: RPCError) -> [String] {
        let retry = error.retryAfter.map { ["retry after \($0)"] } ?? []
        let details = error.details.map { "detail \($0.typeURL) \(Data($0.value).base64EncodedString())" }
        return retry + details + error.trailers.entries.map { "trailer \($0.key): \($0.value)" }
    }

    private static func hint(_ error: RPCError, _ method: MethodDescriptor, _ guide: CallGuide) -> [String] {
        let policy = method.policy
        switch (error.code, error.reason) {
        case (.permissionDenied, "CALLER_NOT_ALLOWED"):
            let allowed = policy.callers.isEmpty ? "nobody" : policy.callers.joined(separator: ", ")
            return ["you call as \(guide.caller); the policy of \(method.path) lets \(allowed) call it"]
        case (.unauthenticated, "TOKEN_REQUIRED"):
            return ["it takes a user token of type \(policy.tokens.map(\.rawValue).joined(separator: " or ")): give one by --token-file"]
        case (.unavailable, "UNREACHABLE"): return guide.unreachable.map { [$0] } ?? []
        case (.deadlineExceeded, _): return ["its default deadline is \(policy.defaultDeadline); --timeout gives another"]
        default: return []
        }
    }
}
