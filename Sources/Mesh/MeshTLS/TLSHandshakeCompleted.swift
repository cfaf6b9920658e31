/// User inbound event: the handshake is complete and the peer's certificate was accepted. Comes before the first byte.
///
/// A client must not conclude from it that the server accepted the client's certificate: see `MeshTLSError.refusedByPeer`.
public struct TLSHandshakeCompleted: Sendable, Hashable {
    /// Who the peer is; nil on an HTTPS listener, whose clients present no certificate.
    public let peer: SPIFFEIdentity?
    /// The application protocol agreed on; nil when the client offered none and the listener allows that.
    public let alpn: String?
    /// When the peer's certificate ends, in seconds since 1970; nil without a certificate. A connection outlives it unless someone looks.
    public let peerCertificateEnds: Int64?

    /// The serial number of the peer's certificate; nil without one.
    public let peerSerial: CertificateSerial?

    public init(peer: SPIFFEIdentity?, alpn: String?, peerCertificateEnds: Int64? = nil, peerSerial: CertificateSerial? = nil) {
        self.peer = peer
        self.alpn = alpn
        self.peerCertificateEnds = peerCertificateEnds
        self.peerSerial = peerSerial
    }
}
