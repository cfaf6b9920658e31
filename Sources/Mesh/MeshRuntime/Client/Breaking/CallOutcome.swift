internal import MeshCall

/// What a call says about the address that it was sent to.
enum CallOutcome: Hashable, Sendable {
    /// Answered, even if with an error of the application.
    case answered
    case failed
    /// Nothing: it was given up or refused by this side, or never ran.
    case neutral

    init(_ error: any Error, failures: Set<Int32>) {
        guard let error = error as? RPCError, error.code != .cancelled else {
            self = .neutral
            return
        }
        // A lost connection counts once, however many calls were on it.
        if error.reason == RPCError.connectionLostReason || error.isCertainlyNotRun || error.isRefusedHere {
            self = .neutral
        } else {
            self = failures.contains(error.code.rawValue) ? .failed : .answered
        }
    }
}
