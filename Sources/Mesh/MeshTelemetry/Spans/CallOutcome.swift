internal import MeshCall

/// How a call ended, in what may be shown outside of the process.
struct CallOutcome: Sendable {
    let code: StatusCode
    /// Safe for the caller, so safe for a trace; nil when nothing is known that is.
    let message: String?

    static let ok = CallOutcome(code: .ok, message: nil)

    /// Of a call whose caller no longer waits, whatever its handler still says.
    static func givenUp(timeIsOver: Bool) -> CallOutcome {
        CallOutcome(code: timeIsOver ? .deadlineExceeded : .cancelled, message: nil)
    }

    private init(code: StatusCode, message: String?) {
        self.code = code
        self.message = message
    }

    /// - Parameter timeIsOver: whether the call's deadline has passed: a handler is stopped by it as by a caller who went away.
    init(_ error: any Error, timeIsOver: @autoclosure () -> Bool = false) {
        switch error {
        case let error as RPCError: self.init(code: error.code, message: error.message)
        case is CancellationError: self = .givenUp(timeIsOver: timeIsOver())
        default: self.init(code: .internalError, message: nil)
        }
    }

    /// OpenTelemetry's rule for gRPC: a server's span is an error when the fault is the server's.
    var isServerError: Bool {
        switch code {
        case .unknown, .deadlineExceeded, .unimplemented, .internalError, .unavailable, .dataLoss: true
        default: false
        }
    }

    /// At a client every code but OK is.
    var isClientError: Bool { code != .ok }
}
