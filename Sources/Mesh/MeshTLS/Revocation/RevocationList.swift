/// Certificates and names that are no longer accepted although their certificates have not ended: a value, replaced as a whole.
///
/// A serial number is compared without its issuer: the roots of one environment must not give the same number twice, which the random
/// numbers of RFC 5280 section 4.1.2.2 see to.
public struct RevocationList: Sendable, Hashable {
    /// Grows with each list of one source. A list does not take the place of one with the same or a higher version.
    public var version: UInt64
    /// Of leaves, and of issuers, with which all that they signed is revoked.
    public var serials: Set<CertificateSerial>
    /// All certificates of these names, those to come included.
    public var identities: Set<SPIFFEIdentity>

    public init(version: UInt64 = 0, serials: Set<CertificateSerial> = [], identities: Set<SPIFFEIdentity> = []) {
        self.version = version
        self.serials = serials
        self.identities = identities
    }

    /// Nothing is revoked.
    public static let empty = RevocationList()

    /// Why a peer with this certificate is refused; nil when it is not.
    ///
    /// - Parameter issuers: the serial numbers of the certificates above it.
    public func refusal(of identity: SPIFFEIdentity, serial: CertificateSerial, issuers: [CertificateSerial] = []) -> PeerRefusal? {
        if serials.contains(serial) { return .revokedCertificate(serial) }
        if let revoked = issuers.first(where: serials.contains) { return .revokedIssuer(revoked) }
        return identities.contains(identity) ? .revokedIdentity(identity) : nil
    }
}
