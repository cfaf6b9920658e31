internal import MeshCall

/// Why a tool gave nothing, in words that model and person may read.
struct ToolFailure: Error, Codable, Sendable, Equatable {
    /// For programs: `INVALID_ARGUMENT`, `LIMIT_REACHED`, or the callee's status code or reason.
    var error: String
    var message: String

    static func invalid(_ what: String) -> ToolFailure {
        ToolFailure(error: "INVALID_ARGUMENT", message: "Not valid: \(what).")
    }

    static func limit(_ what: String) -> ToolFailure {
        ToolFailure(error: "LIMIT_REACHED", message: what)
    }

    init(error: String, message: String) {
        self.error = error
        self.message = message
    }

    /// What may be shown of any error.
    init(_ failure: any Error) {
        switch failure {
        case let failure as ToolFailure: self = failure
        case let failure as RPCError: self.init(error: failure.reason ?? "\(failure.code)", message: failure.message)
        default: self.init(error: "INTERNAL", message: "The tool failed.")
        }
    }
}
