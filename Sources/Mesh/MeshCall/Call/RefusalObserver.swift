/// A call that the policy kept from its handler.
public struct CallRefusal: Sendable {
    public let method: MethodDescriptor
    public let peer: PeerIdentity
    /// What the caller was told: `CALLER_NOT_ALLOWED`, `TOKEN_REQUIRED`, ….
    public let reason: String
    public let requestID: String
}

/// Told of every refused call, before the caller is. Callers cause these at will: it must neither wait nor grow.
public protocol RefusalObserver: Sendable {
    func refused(_ refusal: CallRefusal)
}
