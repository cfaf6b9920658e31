public import FoundationEssentials
internal import Crypto
internal import SwiftASN1
internal import X509

extension CertificateAuthority {
    /// Issues a mesh certificate: exactly one URI SAN, `spiffe://<environment>.cryptopulse.internal/<service>`, good as server and client.
    ///
    /// - Parameters:
    ///   - dnsNames, ipAddresses: stand beside the URI for stock TLS clients; the mesh ignores them.
    ///   - lifetime: from `now`; a `now` in the past makes an expired certificate.
    ///   - deviations: for tests alone.
    /// - Throws: `Failure.invalidName`.
    public func issue(
        service: String, environment: String, dnsNames: [String] = [], ipAddresses: [String] = [],
        lifetime: Duration = Self.leafLifetime, now: Date = Date(), deviations: LeafDeviations = LeafDeviations()
    ) throws -> IssuedCertificate {
        let uri = EnvironmentNames.spiffeID(
            try CertificateNames.checkedLabel(environment), service: try CertificateNames.checkedLabel(service))
        let names = try CertificateNames.alternativeNames(
            uris: deviations.uris ?? [uri], dnsNames: dnsNames, ipAddresses: ipAddresses)
        return try leaf(
            commonName: service, names: names, usages: [.serverAuth, .clientAuth],
            isCertificateAuthority: deviations.isCertificateAuthority, lifetime: lifetime, now: now)
    }

    /// Issues a certificate for people's HTTPS. It has no URI and is good as a server only, hence no identity in the mesh.
    public func issueHTTPS(
        dnsNames: [String], ipAddresses: [String] = [], lifetime: Duration = Self.leafLifetime, now: Date = Date()
    ) throws -> IssuedCertificate {
        let names = try CertificateNames.alternativeNames(uris: [], dnsNames: dnsNames, ipAddresses: ipAddresses)
        return try leaf(
            commonName: dnsNames.first ?? ipAddresses.first ?? "https", names: names, usages: [.serverAuth],
            isCertificateAuthority: false, lifetime: lifetime, now: now)
    }

    private func leaf(
        commonName: String, names: [GeneralName], usages: [ExtendedKeyUsage.Usage], isCertificateAuthority: Bool,
        lifetime: Duration, now: Date
    ) throws -> IssuedCertificate {
        let leafKey = P256.Signing.PrivateKey()
        let publicKey = Certificate.PublicKey(leafKey.publicKey)
        let constraints: BasicConstraints = isCertificateAuthority ? .isCertificateAuthority(maxPathLength: nil) : .notCertificateAuthority
        let leaf = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: now - Self.backdating.inSeconds, notValidAfter: now + lifetime.inSeconds,
            issuer: certificate.subject, subject: try CertificateNames.subject(commonName: commonName),
            extensions: try Certificate.Extensions {
                Critical(constraints)
                Critical(KeyUsage(digitalSignature: true, keyCertSign: isCertificateAuthority))
                try ExtendedKeyUsage(usages)
                SubjectKeyIdentifier(hash: publicKey)
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier)
                if !names.isEmpty { SubjectAlternativeNames(names) }
            },
            issuerPrivateKey: key)
        return IssuedCertificate(
            certificatePEM: try leaf.serializeAsPEM().pemString + "\n", privateKeyPEM: leafKey.pemRepresentation + "\n")
    }
}
