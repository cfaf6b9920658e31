public import FoundationEssentials
internal import Crypto
internal import SwiftASN1
internal import X509

extension CertificateAuthority {
    /// Issues a mesh certificate with a key of its own: exactly one URI SAN, `spiffe://<environment>.cryptopulse.internal/<service>`, good
    /// as server and client.
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
        return try issued { publicKey in
            try leaf(
                publicKey, commonName: service, names: names, usages: [.serverAuth, .clientAuth],
                isCertificateAuthority: deviations.isCertificateAuthority, lifetime: lifetime, now: now)
        }
    }

    /// Issues a mesh certificate for the key of a request, whose name must be exactly this service's.
    ///
    /// - Returns: the leaf, checked against the X509-SVID rules, with the issuer's certificate.
    /// - Throws: `Failure.invalidName`; `CertificateRequest.Failure.names` for another name in the request; `SVIDRules.Violation`.
    public func issue(
        for request: CertificateRequest, service: String, environment: String, lifetime: Duration = Self.leafLifetime, now: Date = Date()
    ) throws -> IssuedLeaf {
        let uri = EnvironmentNames.spiffeID(
            try CertificateNames.checkedLabel(environment), service: try CertificateNames.checkedLabel(service))
        guard request.uris == [uri] else { throw CertificateRequest.Failure.names }
        // DNS and address names mean nothing in the mesh; a stock client that dials this machine or a container wants them.
        let names = try CertificateNames.alternativeNames(uris: [uri], dnsNames: [service, "localhost"], ipAddresses: ["127.0.0.1"])
        let leaf = try leaf(
            request.publicKey, commonName: service, names: names, usages: [.serverAuth, .clientAuth], isCertificateAuthority: false,
            lifetime: lifetime, now: now)
        try SVIDRules.check(leaf, spiffeID: uri)
        return IssuedLeaf(
            chain: try isSelfSigned ? [leaf.der] : [leaf.der, certificateDER], serial: leaf.serialHex, spiffeID: uri,
            ends: Int64(leaf.notValidAfter.timeIntervalSince1970))
    }

    /// Issues a certificate for people's HTTPS. It has no URI and is good as a server only, hence no identity in the mesh.
    public func issueHTTPS(
        dnsNames: [String], ipAddresses: [String] = [], lifetime: Duration = Self.leafLifetime, now: Date = Date()
    ) throws -> IssuedCertificate {
        let names = try CertificateNames.alternativeNames(uris: [], dnsNames: dnsNames, ipAddresses: ipAddresses)
        return try issued { publicKey in
            try leaf(
                publicKey, commonName: dnsNames.first ?? ipAddresses.first ?? "https", names: names, usages: [.serverAuth],
                isCertificateAuthority: false, lifetime: lifetime, now: now)
        }
    }

    private func issued(_ make: (Certificate.PublicKey) throws -> Certificate) throws -> IssuedCertificate {
        let leafKey = P256.Signing.PrivateKey()
        let leaf = try make(Certificate.PublicKey(leafKey.publicKey))
        let issuer = isSelfSigned ? "" : try certificate.serializeAsPEM().pemString + "\n"
        return IssuedCertificate(
            certificatePEM: try leaf.serializeAsPEM().pemString + "\n" + issuer, privateKeyPEM: leafKey.pemRepresentation + "\n")
    }

    private func leaf(
        _ publicKey: Certificate.PublicKey, commonName: String, names: [GeneralName], usages: [ExtendedKeyUsage.Usage],
        isCertificateAuthority: Bool, lifetime: Duration, now: Date
    ) throws -> Certificate {
        let constraints: BasicConstraints = isCertificateAuthority ? .isCertificateAuthority(maxPathLength: nil) : .notCertificateAuthority
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            // No leaf outlives its issuer.
            notValidBefore: now - Self.backdating.inSeconds, notValidAfter: min(now + lifetime.inSeconds, certificate.notValidAfter),
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
    }
}
