internal import MeshCall

/// What a call says about the address that it was sent to.
enum CallOutcome: Hashable, Sendable {
    /// Answered, even if with an error of the application.
    case answered
    case failed
    /// Nothing: it was given up or refused by this side, or never ran.
    case neutral

    /// - Parameter isProbe: the call tries whether its address works again.
    init(_ error: any Error, failures: Set<Int32>, isProbe: Bool = false) {
        guard let error = error as? RPCError, error.code != .cancelled else {
            self = .neutral
            return
        }
        if error.reason == RPCError.connectionLostReason {
            // It counts once, however many calls were on it; but while an address is only tried, nothing else counts than those that try it.
            self = isProbe ? .failed : .neutral
        } else if error.isCertainlyNotRun || error.isRefusedHere {
            self = .neutral
        } else {
            self = failures.contains(error.code.rawValue) ? .failed : .answered
        }
    }
}
