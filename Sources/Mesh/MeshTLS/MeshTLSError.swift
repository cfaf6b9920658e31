/// What goes wrong with TLS. `MeshTLSHandler` fires exactly one as `errorCaught` and then closes the channel.
public enum MeshTLSError: Error, Sendable, Hashable {
    /// A context cannot be made. `file` is the path that is to blame, nil when it is a setting.
    case configuration(file: String?, cause: String)
    /// This side didn't accept the peer's certificate; no application byte was exchanged.
    case peerRefused(PeerRefusal)
    /// The peer ended the connection with this TLS alert. In TLS 1.3 a client learns that its certificate was not
    /// accepted only after its own handshake is complete, by such an alert on the first read.
    case refusedByPeer(alert: String)
    /// No protocol in common (ALPN), or none offered where one is needed.
    case noApplicationProtocol
    /// The handshake failed for another reason, in OpenSSL's words.
    case handshakeFailed(String)
    /// The handshake was not complete in time.
    case handshakeTimedOut
    /// The connection ended without close_notify: what was received may be cut short (RFC 8446 section 6.1).
    case truncated
    /// The peer broke the protocol after the handshake, in OpenSSL's words.
    case protocolViolation(String)
    /// More bytes were written than may wait for the handshake or for the socket.
    case writeQueueFull(limit: Int)
}

extension MeshTLSError {
    /// The peer was refused, or refused this side, because of who it is: UNAUTHENTICATED rather than UNAVAILABLE.
    public var isAuthenticationFailure: Bool {
        switch self {
        case .peerRefused: true
        case .refusedByPeer(let alert): Self.certificateAlerts.contains(alert)
        default: false
        }
    }

    /// Alerts about a certificate (RFC 8446 section 6.2) as OpenSSL spells them.
    private static let certificateAlerts: Set<String> = [
        "bad certificate", "unsupported certificate", "certificate revoked", "certificate expired", "certificate unknown", "unknown CA",
        "access denied", "certificate required",
    ]
}

extension MeshTLSError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .configuration(let file?, let cause): "\(file): \(cause)"
        case .configuration(nil, let cause): cause
        case .peerRefused(let refusal): refusal.description
        case .refusedByPeer(let alert): "the peer refused the connection: \(alert)"
        case .noApplicationProtocol: "no application protocol in common"
        case .handshakeFailed(let cause): "TLS handshake failed: \(cause)"
        case .handshakeTimedOut: "TLS handshake not complete in time"
        case .truncated: "connection ended without close_notify"
        case .protocolViolation(let cause): "TLS protocol violation: \(cause)"
        case .writeQueueFull(let limit): "more than \(limit) bytes wait to be written"
        }
    }
}
