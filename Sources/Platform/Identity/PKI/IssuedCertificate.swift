/// A leaf certificate with its key, both PEM.
public struct IssuedCertificate: Sendable {
    public let certificatePEM: String
    /// PKCS#8. Secret.
    public let privateKeyPEM: String

    public init(certificatePEM: String, privateKeyPEM: String) {
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
    }
}

extension IssuedCertificate: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "IssuedCertificate(key not shown)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["certificatePEM": certificatePEM]) }
}

/// Ways to issue a certificate that breaks the rules, for tests that must see it refused. The default breaks none.
public struct LeafDeviations: Sendable {
    /// Replaces the one SPIFFE URI: none, another, or several.
    public var uris: [String]?
    /// Flags the leaf as a certificate authority.
    public var isCertificateAuthority: Bool

    public init(uris: [String]? = nil, isCertificateAuthority: Bool = false) {
        self.uris = uris
        self.isCertificateAuthority = isCertificateAuthority
    }
}
