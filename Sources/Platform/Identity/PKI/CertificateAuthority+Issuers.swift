internal import Crypto
public import FoundationEssentials
internal import SwiftASN1
internal import X509

/// What a root signs: the certificates of keys that sign leaves. Name constraints (RFC 5280 section 4.2.1.10) hold each to its own kind.
extension CertificateAuthority {
    /// Certifies a key that signs mesh certificates: of this root's environment alone, no further authority.
    ///
    /// - Parameter request: from the key's owner; its names are not looked at.
    /// - Returns: DER.
    public func certifyIssuer(
        _ request: CertificateRequest, environment: String, lifetime: Duration = Self.issuerLifetime, now: Date = Date()
    ) throws -> [UInt8] {
        let domain = EnvironmentNames.trustDomain(try CertificateNames.checkedLabel(environment))
        return try subordinate(
            request.publicKey, commonName: "\(domain) issuer", lifetime: lifetime, now: now,
            constraints: NameConstraints(permittedURIDomains: [domain]), usages: nil
        ).der
    }

    /// A key with which a development deployment signs the certificates of people's HTTPS. No certificate that it signs is anybody in
    /// a mesh: their URI names are excluded, and they can be servers only.
    public func makeHTTPSIssuer(now: Date = Date()) throws -> CertificateAuthority {
        let key = P256.Signing.PrivateKey()
        let certificate = try subordinate(
            Certificate.PublicKey(key.publicKey), commonName: "development HTTPS issuer", lifetime: Self.issuerLifetime, now: now,
            constraints: NameConstraints(forbiddenURIDomains: [".cryptopulse.internal"]), usages: [.serverAuth])
        return try CertificateAuthority(certificate: certificate.der, key: key)
    }

    private func subordinate(
        _ publicKey: Certificate.PublicKey, commonName: String, lifetime: Duration, now: Date, constraints: NameConstraints,
        usages: [ExtendedKeyUsage.Usage]?
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: now - Self.backdating.inSeconds, notValidAfter: min(now + lifetime.inSeconds, certificate.notValidAfter),
            issuer: certificate.subject, subject: try CertificateNames.subject(commonName: commonName),
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
                Critical(constraints)
                if let usages { try ExtendedKeyUsage(usages) }
                SubjectKeyIdentifier(hash: publicKey)
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier)
            },
            issuerPrivateKey: key)
    }

    /// Whether this issuer may sign for `environment`: certified by one of `roots` and held to leaves of that trust domain.
    ///
    /// - Parameter roots: PEM, one or more certificates.
    /// - Throws: `Failure.unusableAuthority` that says what is missing.
    public func checkIsIssuer(environment: String, roots: String, now: Date = Date()) throws {
        let domain = EnvironmentNames.trustDomain(environment)
        let roots = try PEMDocument.parseMultiple(pemString: roots).map { try Certificate(pemDocument: $0) }
        guard roots.contains(where: { $0.publicKey.isValidSignature(certificate.signature, for: certificate) }) else {
            throw Failure.unusableAuthority("no root of this environment signed its certificate")
        }
        guard try certificate.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 0),
            try certificate.extensions.keyUsage == KeyUsage(keyCertSign: true)
        else { throw Failure.unusableAuthority("it may do more than sign leaves") }
        guard let constraints = try certificate.extensions.nameConstraints, Array(constraints.permittedURIDomains) == [domain] else {
            throw Failure.unusableAuthority("its certificate is not held to the trust domain \(domain)")
        }
        guard certificate.notValidBefore <= now, now < certificate.notValidAfter else {
            throw Failure.unusableAuthority("its certificate is not valid now")
        }
    }
}
