/// A call that the policy kept from its handler.
public struct CallRefusal: Sendable {
    /// What was called.
    public let method: MethodDescriptor
    /// Who called, as its certificate says.
    public let peer: PeerIdentity
    /// What the caller was told: `CALLER_NOT_ALLOWED`, `TOKEN_REQUIRED`, ….
    public let reason: String
    /// The same as in the log's line.
    public let requestID: String
}

/// Told of every refused call, before the caller is. Callers cause these at will: it must neither wait nor grow.
public protocol RefusalObserver: Sendable {
    func refused(_ refusal: CallRefusal)

    /// Admission control sent a call away: there were more than the server can do.
    /// Whoever does not count them leaves this out.
    ///
    /// - Parameter method: nil for a call whose Request was sent away before its names had come.
    func shed(_ method: MethodDescriptor?, of peer: PeerIdentity)
}

extension RefusalObserver {
    public func shed(_ method: MethodDescriptor?, of peer: PeerIdentity) {}
}
