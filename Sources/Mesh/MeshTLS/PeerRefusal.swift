/// Why a peer's certificate was not accepted. The message is for this side's log; the peer sees only a TLS alert.
///
/// Source: X509-SVID specification, sections 2-5; RFC 5280 section 6 for the chain.
public enum PeerRefusal: Error, Sendable, Hashable {
    /// The peer sent no certificate.
    case noCertificate
    /// The certificate's last moment, UTC.
    case expired(notAfter: String)
    /// The certificate's first moment, UTC.
    case notYetValid(notBefore: String)
    /// The peer's certificate is its own issuer.
    case selfSigned
    /// The chain doesn't end in one of this environment's roots.
    case unknownRoot
    /// Anything else that chain verification found, in OpenSSL's words.
    case invalidChain(String)
    /// No URI among the subject alternative names, or no such names at all.
    case noURI
    /// More than one URI: the count.
    case severalURIs(Int)
    /// The URI isn't a SPIFFE ID.
    case notSPIFFE(String)
    case malformedTrustDomain(String)
    /// The path is empty, or has more than one component, or characters that are not allowed.
    case malformedPath(String)
    /// A certificate of another environment, or one that says so of itself.
    case wrongTrustDomain(expected: String, found: String)
    /// cA=true: a signing certificate never authenticates.
    case certificateAuthority
    /// keyUsage is absent, not critical, lacks digitalSignature or has a signing bit.
    case keyUsage(String)
    /// extendedKeyUsage is present without both serverAuth and clientAuth.
    case extendedKeyUsage
    /// The peer is somebody else than the one that was dialled.
    case unexpectedName(expected: String, found: String)
    /// This certificate was revoked.
    case revokedCertificate(CertificateSerial)
    /// The key that signed this certificate was revoked: the serial number of its own.
    case revokedIssuer(CertificateSerial)
    /// All certificates of this name were revoked.
    case revokedIdentity(SPIFFEIdentity)
}

extension PeerRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noCertificate: "no certificate"
        case .expired(let notAfter): "certificate expired \(notAfter)"
        case .notYetValid(let notBefore): "certificate not valid before \(notBefore)"
        case .selfSigned: "certificate is self-signed"
        case .unknownRoot: "certificate is not issued by this environment's root"
        case .invalidChain(let cause): "certificate chain is not valid: \(cause)"
        case .noURI: "certificate has no URI name"
        case .severalURIs(let count): "certificate has \(count) URI names instead of one"
        case .notSPIFFE(let uri): "certificate's URI is not a SPIFFE ID: \(uri)"
        case .malformedTrustDomain(let uri): "certificate's SPIFFE ID has a malformed trust domain: \(uri)"
        case .malformedPath(let uri): "certificate's SPIFFE ID must have exactly one path component: \(uri)"
        case .wrongTrustDomain(let expected, let found): "certificate is of trust domain \(found), and this side is of \(expected)"
        case .certificateAuthority: "certificate is a certificate authority's"
        case .keyUsage(let cause): "certificate's key usage \(cause)"
        case .extendedKeyUsage: "certificate's extended key usage lacks serverAuth or clientAuth"
        case .unexpectedName(let expected, let found): "certificate names \(found) where \(expected) was expected"
        case .revokedCertificate(let serial): "certificate \(serial) is revoked"
        case .revokedIssuer(let serial): "certificate's issuer \(serial) is revoked"
        case .revokedIdentity(let identity): "\(identity) is revoked"
        }
    }
}
