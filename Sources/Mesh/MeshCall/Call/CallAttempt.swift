// What tells the attempts of one call apart.

extension OutgoingCall {
    /// Name of the metadata entry that says which attempt this is: decimal, from 2 on.
    package static let attemptKey = "x-mesh-attempt"

    /// The same call, to be sent once more.
    ///
    /// - Parameter attempt: 1 for the first, which says nothing of itself.
    package func marked(attempt: Int) -> OutgoingCall {
        guard attempt > 1 else { return self }
        var marked = self
        marked.metadata.append("\(attempt)", for: Self.attemptKey)
        return marked
    }
}

/// Cause of the error of a call that certainly never ran: this side knows it, or the server's mesh said that it takes no more calls.
struct CallNeverRan: Error {}

/// Cause of the error of a call that this side refused before a byte of it was sent.
struct RefusedHere: Error {}

extension RPCError {
    /// The same error of a call that this side refused.
    var refusedHere: RPCError {
        var error = self
        error.cause = RefusedHere()
        return error
    }

    /// The peer had no part in it.
    package var isRefusedHere: Bool { cause is RefusedHere }

    /// The call certainly never ran, so it may be made again on another connection whatever its method.
    package var isCertainlyNotRun: Bool { cause is CallNeverRan }
}
