public import FoundationEssentials
internal import Crypto
internal import SwiftASN1
internal import X509

/// Issues the certificates of one environment: ECDSA P-256, SPIFFE X509-SVID for the mesh and plain TLS for people's HTTPS.
public struct CertificateAuthority: Sendable {
    public enum Failure: Error, Equatable {
        /// PEM that is not a CA certificate with its P-256 key.
        case unusableAuthority(String)
        /// A name that cannot stand in a certificate.
        case invalidName(String)
    }

    /// How long a certificate made by `makeRoot` lives.
    public static let rootLifetime = Duration.seconds(3650 * 86400)
    /// How long a leaf lives unless the caller says otherwise.
    public static let leafLifetime = Duration.seconds(86400)
    /// Leaves are valid from a little before now, for clocks that differ.
    static let backdating = Duration.seconds(60)

    public let certificatePEM: String
    /// PKCS#8. The authority's secret: never logged.
    public let privateKeyPEM: String

    let certificate: Certificate
    let key: Certificate.PrivateKey

    /// A self-signed root, whose URI SAN is the trust domain itself, without a path.
    public static func makeRoot(environment: String, now: Date = Date()) throws -> CertificateAuthority {
        let domain = EnvironmentNames.trustDomain(try CertificateNames.checkedLabel(environment))
        let key = P256.Signing.PrivateKey()
        let certificate = try makeRootCertificate(trustDomain: domain, key: .init(key), now: now)
        return try CertificateAuthority(
            certificatePEM: certificate.serializeAsPEM().pemString, privateKeyPEM: key.pemRepresentation)
    }

    /// - Throws: `Failure.unusableAuthority`.
    public init(certificatePEM: String, privateKeyPEM: String) throws {
        do {
            certificate = try Certificate(pemEncoded: certificatePEM)
            key = Certificate.PrivateKey(try P256.Signing.PrivateKey(pemRepresentation: privateKeyPEM))
        } catch {
            throw Failure.unusableAuthority("\(type(of: error))")
        }
        guard key.publicKey == certificate.publicKey else { throw Failure.unusableAuthority("the key is another certificate's") }
        guard case .isCertificateAuthority? = try certificate.extensions.basicConstraints else {
            throw Failure.unusableAuthority("the certificate is not a CA's")
        }
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
    }

    private static func makeRootCertificate(trustDomain: String, key: Certificate.PrivateKey, now: Date) throws -> Certificate {
        let name = try CertificateNames.subject(commonName: "\(trustDomain) root")
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: now - backdating.inSeconds, notValidAfter: now + rootLifetime.inSeconds,
            issuer: name, subject: name,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
                SubjectAlternativeNames([.uniformResourceIdentifier("spiffe://\(trustDomain)")])
            },
            issuerPrivateKey: key)
    }
}

extension Duration {
    var inSeconds: TimeInterval { TimeInterval(components.seconds) }
}
